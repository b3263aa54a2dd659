using System.Buffers;
using System.Text;

namespace VisionPlatform.Domain.Datasets;

/// <summary>Rules for one file or folder name that Windows, macOS and Linux can all store.</summary>
internal static class FileName
{
    /// <summary>Longest name in UTF-8 bytes, the limit of common file systems.</summary>
    private const int Longest = 255;

    // https://learn.microsoft.com/windows/win32/fileio/naming-a-file
    private static readonly SearchValues<char> Reserved = SearchValues.Create("<>:\"|?*\\/");
    private static readonly HashSet<string> Devices = new(
        [
            "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$",
            .. from port in (string[])["COM", "LPT"] from number in "0123456789¹²³" select port + number,
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with a name, as a sentence; null for a good one. Control and invisible characters are looked for elsewhere.</summary>
    public static string? Problem(string name) => name switch
    {
        "" => "The path has an empty folder or file name.",
        "." or ".." => $"The path steps outside or nowhere with '{name}'.",
        _ when char.IsWhiteSpace(name[0]) || char.IsWhiteSpace(name[^1]) || name[^1] == '.' =>
            $"'{name}' begins with a space or ends with a space or a dot, which some file systems drop.",
        _ when name.AsSpan().IndexOfAny(Reserved) is >= 0 and var at => $"'{name}' has the character {name[at]}, which Windows does not allow in names.",
        _ when Devices.Contains(BeforeFirstDot(name)) => $"'{name}' is the name of a device on Windows.",
        _ when Encoding.UTF8.GetByteCount(name) > Longest => $"A folder or file name is longer than {Longest} bytes.",
        _ => null,
    };

    private static string BeforeFirstDot(string name) => (name.IndexOf('.') is >= 0 and var dot ? name[..dot] : name).TrimEnd(' ');
}
