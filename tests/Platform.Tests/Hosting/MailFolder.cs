using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>The folder into which apps without a mail server put their mails.</summary>
public sealed partial class MailFolder : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("platform-mails-").FullName;

    /// <summary>Files of the mails to somebody, oldest first.</summary>
    public IReadOnlyList<string> FilesTo(string email) =>
    [
        .. Directory.EnumerateFiles(Folder, "*.eml").Order(StringComparer.Ordinal)
            .Where(file => File.ReadAllText(file).Contains($"To: {email}\r\n", StringComparison.OrdinalIgnoreCase)),
    ];

    /// <summary>Waits for the mail to somebody that has these words, and gives its text.</summary>
    public async Task<string> WaitAsync(string email, string words)
    {
        string? found = null;
        await Waiting.UntilAsync(() => (found = FilesTo(email).Select(TextOf).LastOrDefault(text => text.Contains(words, StringComparison.Ordinal))) is not null, $"a mail to {email} with '{words}'");
        return found!;
    }

    /// <summary>The token of the link in a mail.</summary>
    public static string TokenIn(string mail) => Token().Match(mail) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException($"No link in: {mail}");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    // Quoted-printable (RFC 2045 6.7).
    private static string TextOf(string file)
    {
        var text = File.ReadAllText(file);
        if (!text.Contains("quoted-printable", StringComparison.Ordinal))
            return text;
        var bytes = new List<byte>();
        var joined = text.Replace("=\r\n", "", StringComparison.Ordinal);
        for (var i = 0; i < joined.Length; i++)
        {
            if (joined[i] == '=' && i + 2 < joined.Length && byte.TryParse(joined.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value))
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(joined, i, 1));
            }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    [GeneratedRegex("#token=([A-Za-z0-9_-]+)")]
    private static partial Regex Token();
}
