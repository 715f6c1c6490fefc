namespace SafetySdk.Prompts.Requests;

/// <summary>
/// Recognises what a sentence asks for by its frame — the verb and its object, in that order and in one sentence — where single words
/// cannot tell the request from its harmless twin. The frames and word classes are the lists <c>requests.*.tsv</c>. Immutable; time is
/// linear in the text.
/// </summary>
internal sealed class RequestGrammar
{
    private const int MaxSentence = 320;
    private const int MaxPhrase = 48;
    private const int MaxSteps = 96;
    private const int MaxFindingsPerFrame = 4;
    private const int NegationGap = 2;
    private readonly (int Concept, RequestFrame[] Frames)[] _byFirst;

    public RequestGrammar(IEnumerable<RequestFrame> frames)
    {
        Frames = [.. frames];
        _byFirst =
        [
            .. Frames.SelectMany(static f => f.Slots[0].Concepts.Select(c => (Concept: c, Frame: f)))
                .GroupBy(static p => p.Concept, static p => p.Frame).Select(static g => (g.Key, g.ToArray())),
        ];
    }

    public IReadOnlyList<RequestFrame> Frames { get; }

    /// <summary>Adds every request found.</summary>
    /// <param name="text">The normalised text that the hits stand in.</param>
    /// <param name="terms">Where the classes occur.</param>
    /// <param name="findings">Receives the findings.</param>
    public void Find(ReadOnlySpan<char> text, TermHits terms, List<Finding> findings)
    {
        foreach ((int concept, RequestFrame[] frames) in _byFirst)
        {
            IReadOnlyList<(int Start, int End)> hits = terms.Of(concept);
            if (hits.Count == 0)
            {
                continue;
            }

            foreach (RequestFrame frame in frames)
            {
                Match(frame, hits, text, terms, findings);
            }
        }
    }

    private static void Match(
        RequestFrame frame, IReadOnlyList<(int Start, int End)> hits, ReadOnlySpan<char> text, TermHits terms, List<Finding> findings)
    {
        for (int i = 1; i < frame.Slots.Length; i++)
        {
            if (!Array.Exists(frame.Slots[i].Concepts, terms.Any))
            {
                return;
            }
        }

        int found = 0;
        for (int i = 0; i < hits.Count && found < MaxFindingsPerFrame; i++)
        {
            (int start, int end) = hits[i];
            int steps = MaxSteps;
            if ((frame.Opens < 0 || OpensSentence(text, terms, frame.Opens, start))
                && Complete(frame, 1, end, text, terms, ref steps, out end)
                && !IsTakenBack(frame, text, terms, start, end))
            {
                findings.Add(new Finding(frame.Category, frame.Score, start, end));
                found++;
            }
        }
    }

    // Every hit within the gap is tried: the nearest one may be the wrong reading of the sentence.
    private static bool Complete(
        RequestFrame frame, int slot, int from, ReadOnlySpan<char> text, TermHits terms, ref int steps, out int end)
    {
        end = from;
        if (slot == frame.Slots.Length)
        {
            return frame.Closes < 0 || ClosesSentence(text, terms, frame.Closes, from);
        }

        RuleSlot wanted = frame.Slots[slot];
        foreach (int concept in wanted.Concepts)
        {
            IReadOnlyList<(int Start, int End)> hits = terms.Of(concept);
            for (int i = FirstFrom(hits, from); i < hits.Count; i++)
            {
                int gap = terms.Gap(from, hits[i].Start);
                if (gap > wanted.MaxGap || --steps < 0)
                {
                    break;
                }

                // A sentence ends the request, unless it was cut in the middle of a phrase.
                if (text[from..hits[i].Start].Contains('\n') && gap > 0)
                {
                    break;
                }

                if (Complete(frame, slot + 1, hits[i].End, text, terms, ref steps, out end))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsTakenBack(RequestFrame frame, ReadOnlySpan<char> text, TermHits terms, int start, int end)
    {
        foreach ((int notStart, int notEnd) in Near(terms.Of(frame.Not), Math.Max(0, start - MaxSentence), start))
        {
            if (notEnd <= start && terms.Gap(notEnd, start) <= NegationGap && !text[notEnd..start].Contains('\n') && notStart < start)
            {
                return true;
            }
        }

        if (frame.Unless.Length == 0)
        {
            return false;
        }

        int first = SentenceStart(text, start);
        int last = SentenceEnd(text, end);
        foreach (int concept in frame.Unless)
        {
            IReadOnlyList<(int Start, int End)> hits = terms.Of(concept);
            for (int i = FirstFrom(hits, first); i < hits.Count && hits[i].Start < last; i++)
            {
                if (!IsPartOfSlot(frame, terms, hits[i]))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // "does" in the name Sam Does Arts asks for nothing.
    private static bool IsPartOfSlot(RequestFrame frame, TermHits terms, (int Start, int End) hit)
    {
        foreach (RuleSlot slot in frame.Slots)
        {
            foreach (int concept in slot.Concepts)
            {
                IReadOnlyList<(int Start, int End)> hits = terms.Of(concept);
                for (int i = FirstFrom(hits, hit.Start - MaxPhrase); i < hits.Count && hits[i].Start <= hit.Start; i++)
                {
                    if (hits[i].End >= hit.End && hits[i].End - hits[i].Start > hit.End - hit.Start)
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private static bool OpensSentence(ReadOnlySpan<char> text, TermHits terms, int courtesies, int start)
    {
        int at = SentenceStart(text, start);
        while (at < start)
        {
            int next = at;
            foreach ((int hitStart, int hitEnd) in Near(terms.Of(courtesies), at, at + 1))
            {
                next = hitStart == at && hitEnd <= start ? Math.Max(next, hitEnd) : next;
            }

            if (next == at)
            {
                return false;
            }

            at = next < text.Length && text[next] == ' ' ? next + 1 : next;
        }

        return true;
    }

    private static bool ClosesSentence(ReadOnlySpan<char> text, TermHits terms, int courtesies, int end)
    {
        int last = SentenceEnd(text, end);
        int at = end < last && text[end] == ' ' ? end + 1 : end;
        while (at < last)
        {
            int next = at;
            foreach ((int hitStart, int hitEnd) in Near(terms.Of(courtesies), at, at + 1))
            {
                next = hitStart == at ? Math.Max(next, hitEnd) : next;
            }

            if (next == at)
            {
                return false;
            }

            at = next < last && text[next] == ' ' ? next + 1 : next;
        }

        return true;
    }

    // A sentence without end is looked at for some way only, so that time stays linear.
    private static int SentenceStart(ReadOnlySpan<char> text, int at)
    {
        int least = Math.Max(0, at - MaxSentence);
        return least + text[least..at].LastIndexOf('\n') + 1;
    }

    private static int SentenceEnd(ReadOnlySpan<char> text, int at)
    {
        ReadOnlySpan<char> rest = text[at..Math.Min(text.Length, at + MaxSentence)];
        int length = rest.IndexOf('\n');
        return at + (length < 0 ? rest.Length : length);
    }

    private static List<(int Start, int End)> Near(IReadOnlyList<(int Start, int End)> hits, int from, int before)
    {
        var near = new List<(int, int)>();
        for (int i = FirstFrom(hits, from); i < hits.Count && hits[i].Start < before; i++)
        {
            near.Add(hits[i]);
        }

        return near;
    }

    private static int FirstFrom(IReadOnlyList<(int Start, int End)> hits, int from)
    {
        int low = 0;
        int high = hits.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (hits[middle].Start < from)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
