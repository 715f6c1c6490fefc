using System.Collections.Frozen;

namespace SafetySdk.Prompts;

/// <summary>
/// What emoji say: the name of those whose name matters, and what some stand for in slang. Written for this library. Thread-safe.
/// </summary>
internal static class EmojiWords
{
    /// <summary>Longest word.</summary>
    public const int MaxLetters = 10;

    // Code point = name, or = name/slang. Slang is a second reading: an aubergine is also food.
    private const string Rows =
        "1F52B=gun 1F52A=knife 1F4A3=bomb 1F9E8=dynamite 1F5E1=dagger 2694=swords 1F3F9=bow 1FA93=axe 1FA78=blood 1F480=skull/dead "
        + "2620=poison 1FAA6=grave 26B0=coffin 1F48A=pill/drugs 1F489=syringe/drugs 1F6AC=cigarette 1F37A=beer 1F33F=herb/weed 1F341=leaf/weed "
        + "1F343=leaf/weed 1F966=broccoli/weed 2744=snow/cocaine 1F344=mushroom/drugs 1F346=aubergine/penis 1F34C=banana/penis "
        + "1F351=peach/buttocks 1F352=cherries/breasts 1F348=melon/breasts 1F4A6=sweat/cum 1F95C=nuts 1F33D=corn/porn 1F347=grapes/rape "
        + "1F51E=nsfw 1F445=tongue 1F48B=kiss 1F444=mouth 1FA72=underwear 1F459=bikini 1F476=baby 1F9D2=child 1F466=boy 1F467=girl "
        + "1F468=man 1F469=woman 1F9D1=person 1F415=dog 1F412=monkey 1F435=monkey 1F98D=gorilla 1F525=fire 1F4A5=explosion 2622=radioactive "
        + "2623=biohazard 1F9EA=chemical 1F511=key 1F4B0=money 1F4B3=card 1F3EB=school 1F3E6=bank 1F52E=crystal";

    private static readonly FrozenDictionary<int, (string Name, string? Slang)> Words = Read();

    /// <summary>The word for an emoji.</summary>
    /// <param name="value">Code point.</param>
    /// <param name="slang">Whether what it stands for in slang is wanted where there is such.</param>
    /// <param name="word">Lower-case letters.</param>
    /// <param name="hasSlang">Whether it has a slang meaning.</param>
    public static bool TryGet(int value, bool slang, out string word, out bool hasSlang)
    {
        if (!Words.TryGetValue(value, out (string Name, string? Slang) found))
        {
            (word, hasSlang) = (string.Empty, false);
            return false;
        }

        word = slang ? found.Slang ?? found.Name : found.Name;
        hasSlang = found.Slang is not null;
        return true;
    }

    private static FrozenDictionary<int, (string Name, string? Slang)> Read()
    {
        var words = new Dictionary<int, (string, string?)>();
        foreach (string row in Rows.Split(' '))
        {
            string[] cells = row.Split('=', '/');
            words.Add(Convert.ToInt32(cells[0], 16), (cells[1], cells.Length > 2 ? cells[2] : null));
        }

        return words.ToFrozenDictionary();
    }
}
