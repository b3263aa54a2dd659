using System.Globalization;

namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>The part of Ultralytics' <c>data.yaml</c> that labels need. Everything else in the file is passed over.</summary>
/// <param name="Names">Classes by their number.</param>
/// <param name="Keypoints">Keypoints of an object; null when the file does not say.</param>
/// <param name="KeypointValues">Numbers of a keypoint: 2, or 3 with its visibility.</param>
public sealed record YoloDescription(IReadOnlyDictionary<int, string> Names, int? Keypoints, int KeypointValues)
{
    private const int MostClasses = ClassList.Most;

    /// <summary>Reads a description: <c>names</c> as a list or by number, over several lines or in one, and <c>kpt_shape</c>.</summary>
    /// <exception cref="FormatException">It has no classes, or its form is none that is known; the message names the line.</exception>
    public static YoloDescription Parse(string text)
    {
        var lines = text.TrimStart('\uFEFF').Split('\n').Select(line => WithoutComment(line.TrimEnd('\r', ' ', '\t'))).ToArray();
        var names = new Dictionary<int, string>();
        int[]? shape = null;
        for (var i = 0; i < lines.Length; i++)
            switch (KeyOf(lines[i]))
            {
                case ("names", var value):
                    AddNames(names, Items(lines, i, value));
                    break;
                case ("kpt_shape", var value):
                    shape = [.. Items(lines, i, value).Select(item => item.Key is null && int.TryParse(item.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw At(item.Line, "kpt_shape is two numbers, such as [17, 3]."))];
                    if (shape is not [> 0, 2 or 3])
                        throw At(i, "kpt_shape is the number of keypoints, and 2 or 3 numbers for each.");
                    break;
            }
        if (names.Count == 0)
            throw new FormatException("The description has no names of classes.");
        return new YoloDescription(names, shape?[0], shape?[1] ?? 3);
    }

    private readonly record struct Item(int Line, string? Key, string Value);

    private static void AddNames(Dictionary<int, string> names, IEnumerable<Item> items)
    {
        foreach (var item in items)
        {
            var number = names.Count;
            if (item.Key is { } key && (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number >= MostClasses))
                throw At(item.Line, $"'{key}' is no number of a class.");
            if (item.Value.Length == 0)
                throw At(item.Line, "The name of the class is empty.");
            if (names.Count == MostClasses)
                throw At(item.Line, $"A dataset may have {MostClasses} classes.");
            if (!names.TryAdd(number, item.Value))
                throw At(item.Line, $"The class {number} is there twice.");
        }
    }

    /// <summary>The elements of the list or mapping that begins after a key: in brackets, or on the lines that follow.</summary>
    private static IEnumerable<Item> Items(string[] lines, int at, string value)
    {
        if (value.Length == 0)
        {
            for (var i = at + 1; i < lines.Length; i++)
            {
                var line = lines[i].Trim();
                if (line.Length == 0)
                    continue;
                if (line.StartsWith("- ", StringComparison.Ordinal))
                    yield return new Item(i, null, Unquoted(line[2..], i));
                else if (char.IsWhiteSpace(lines[i][0]) && Divided(line) is var (key, name))
                    yield return new Item(i, Unquoted(key, i), Unquoted(name, i));
                else if (char.IsWhiteSpace(lines[i][0]))
                    throw At(i, "An element of a list or 'number: name' is expected.");
                else
                    yield break;
            }
            yield break;
        }
        var (open, close) = value[0] switch { '[' => ('[', ']'), '{' => ('{', '}'), _ => throw At(at, "A list or a mapping is expected.") };
        var all = value;
        for (var i = at + 1; !all.EndsWith(close) && i < lines.Length; i++)
            all += " " + lines[i].Trim();
        if (!all.EndsWith(close))
            throw At(at, $"The '{open}' has no '{close}'.");
        foreach (var part in Parts(all[1..^1]))
            yield return open == '[' ? new Item(at, null, Unquoted(part, at)) : Divided(part) is var (key, name) ? new Item(at, Unquoted(key, at), Unquoted(name, at)) : throw At(at, $"'{part}' is not 'number: name'.");
    }

    /// <summary>The parts between commas that are in no quotes; a comma may follow the last.</summary>
    private static List<string> Parts(string list)
    {
        var (parts, start, quote) = (new List<string>(), 0, '\0');
        for (var i = 0; i < list.Length; i++)
            if (quote != '\0')
                quote = list[i] == quote ? '\0' : quote;
            else if (list[i] is '"' or '\'' && list[start..i].Trim() is "" or [.., ':'])
                quote = list[i];
            else if (list[i] == ',')
            {
                parts.Add(list[start..i].Trim());
                start = i + 1;
            }
        if (list[start..].Trim() is { Length: > 0 } last)
            parts.Add(last);
        return parts;
    }

    private static (string Key, string Value)? Divided(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 ? (text[..colon].Trim(), text[(colon + 1)..].Trim()) : null;
    }

    private static (string Key, string Value) KeyOf(string line) => line.Length > 0 && !char.IsWhiteSpace(line[0]) && Divided(line) is { } pair ? pair : ("", "");

    /// <summary>A hash begins a comment at the start of a line or after a space, unless it is in quotes.</summary>
    private static string WithoutComment(string line)
    {
        var quote = '\0';
        for (var i = 0; i < line.Length; i++)
            if (quote != '\0')
                quote = line[i] == quote ? '\0' : quote;
            else if (line[i] is '"' or '\'' && (i == 0 || line[i - 1] is ' ' or '[' or '{' or ',' or ':'))
                quote = line[i];
            else if (line[i] == '#' && (i == 0 || char.IsWhiteSpace(line[i - 1])))
                return line[..i].TrimEnd();
        return line;
    }

    private static string Unquoted(string text, int line)
    {
        var inner = text.Trim();
        if (inner.Length == 0 || inner[0] is not ('"' or '\''))
            return inner;
        return inner.Length >= 2 && inner[^1] == inner[0] ? inner[1..^1].Replace(inner[0] == '\'' ? "''" : "\\\"", inner[0].ToString(), StringComparison.Ordinal) : throw At(line, $"The quotes of {inner} do not end.");
    }

    private static FormatException At(int line, string problem) => new($"line {line + 1}: {problem}");
}
