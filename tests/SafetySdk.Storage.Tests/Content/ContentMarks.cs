using System.Security.Cryptography;
using System.Text;

namespace SafetySdk.Storage.Tests.Content;

/// <summary>What went in, in every form in which it could come out: as it is, in hexadecimal, in base64, and as plain digests.</summary>
internal sealed class ContentMarks
{
    private readonly Dictionary<string, string> _forms = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Forms => _forms;

    /// <summary>A word that is looked for wherever it stands.</summary>
    public void Word(string name, string word)
    {
        Add(name, word);
        Bytes($"{name} (utf-8)", Encoding.UTF8.GetBytes(word));
        Bytes($"{name} (utf-16)", Encoding.Unicode.GetBytes(word));
    }

    /// <summary>A whole input: its digests tell it as well as it does itself.</summary>
    public void Whole(string name, string text) => Digests(name, Encoding.UTF8.GetBytes(text));

    /// <summary>A whole file.</summary>
    public void File(string name, byte[] file)
    {
        Bytes(name, file.AsSpan(0, Math.Min(48, file.Length)));
        Digests(name, file);
    }

    /// <summary>A hash, given in hexadecimal digits.</summary>
    public void Hash(string name, string hex) => Bytes(name, Convert.FromHexString(hex));

    /// <summary>The marks that are in a text.</summary>
    public string[] In(string text) => [.. _forms.Where(f => text.Contains(f.Value, StringComparison.OrdinalIgnoreCase)).Select(f => f.Key)];

    private void Digests(string name, byte[] content)
    {
#pragma warning disable CA5350, CA5351 // Lists of hashes use them.
        Bytes($"{name} (md5)", MD5.HashData(content));
        Bytes($"{name} (sha-1)", SHA1.HashData(content));
#pragma warning restore CA5350, CA5351
        Bytes($"{name} (sha-256)", SHA256.HashData(content));
    }

    private void Bytes(string name, ReadOnlySpan<byte> bytes)
    {
        Add($"{name}, hexadecimal", Convert.ToHexString(bytes));
        Add($"{name}, hexadecimal with dashes", BitConverter.ToString(bytes.ToArray()));
        for (int before = 0; before < 3; before++)
        {
            // Wherever it stands in a longer content: without the characters that its neighbours change.
            byte[] shifted = [.. new byte[before], .. bytes];
            int first = ((before * 8) + 5) / 6, last = (shifted.Length * 8) / 6;
            string base64 = Convert.ToBase64String(shifted)[first..last];
            Add($"{name}, base64 at {before}", base64);
            Add($"{name}, base64url at {before}", base64.Replace('+', '-').Replace('/', '_'));
        }

    }

    private void Add(string name, string form)
    {
        // Shorter ones are anywhere.
        if (form.Length >= 8)
        {
            _forms[name] = form;
        }
    }
}
