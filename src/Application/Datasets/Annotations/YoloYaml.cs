using System.Globalization;
using VisionPlatform.Domain.Datasets.Annotations;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>
/// Reads a <c>data.yaml</c>: <c>names</c> as a list or by number, and <c>kpt_shape</c>. Everything else in the file is passed over. It goes from event to
/// event and builds no tree, because a stranger's file may be of any depth.
/// </summary>
internal static class YoloYaml
{
    /// <summary>Lists and mappings inside each other. The time that the parser takes grows with the square of their number.</summary>
    private const int DeepestNesting = 32;

    /// <summary>The description.</summary>
    /// <exception cref="FormatException">It is no YAML, has no classes, or its form is none that is known; the message names the line.</exception>
    public static YoloDescription Parse(string text)
    {
        try
        {
            return Read(new Parser(new StringReader(text.TrimStart('\uFEFF'))));
        }
        catch (YamlException wrong)
        {
            throw At(wrong.Start, $"The file is no YAML: {wrong.Message}");
        }
    }

    private static YoloDescription Read(Parser parser)
    {
        var (names, shape) = (new Dictionary<int, string>(), (List<int>?)null);
        parser.Consume<StreamStart>();
        if (parser.TryConsume<DocumentStart>(out _) && parser.TryConsume<MappingStart>(out _))
            while (!parser.TryConsume<MappingEnd>(out _))
                switch (KeyIn(parser)?.Value)
                {
                    case "names":
                        AddNames(names, Items(parser));
                        break;
                    case "kpt_shape":
                        shape = ShapeIn(parser);
                        break;
                    default:
                        Skip(parser);
                        break;
                }
        return names.Count == 0 ? throw new FormatException("The description has no names of classes.") : new YoloDescription(names, shape?[0], shape?[1] ?? 3);
    }

    /// <summary>The next key; null for one that is a list or a mapping itself.</summary>
    private static Scalar? KeyIn(Parser parser)
    {
        if (parser.TryConsume<Scalar>(out var key))
            return key;
        Skip(parser);
        return null;
    }

    private static void AddNames(Dictionary<int, string> names, IEnumerable<(Scalar? Key, Scalar Value)> items)
    {
        foreach (var (key, name) in items)
        {
            var number = names.Count;
            if (key is not null && (!int.TryParse(key.Value, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number >= ClassList.Most))
                throw At(key.Start, $"'{key.Value}' is no number of a class.");
            if (name.Value.Length == 0)
                throw At(name.Start, "The name of the class is empty.");
            if (names.Count == ClassList.Most)
                throw At(name.Start, $"A dataset may have {ClassList.Most} classes.");
            if (!names.TryAdd(number, name.Value))
                throw At(name.Start, $"The class {number} is there twice.");
        }
    }

    private static List<int> ShapeIn(Parser parser)
    {
        var start = parser.Current!.Start;
        var numbers = Items(parser).Select(item => item.Key is null && int.TryParse(item.Value.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToList();
        return numbers is [> 0, 2 or 3] ? numbers : throw At(start, "kpt_shape is the number of keypoints, and 2 or 3 numbers for each, such as [17, 3].");
    }

    /// <summary>The elements of the list or mapping that comes next.</summary>
    private static IEnumerable<(Scalar? Key, Scalar Value)> Items(Parser parser)
    {
        if (parser.TryConsume<SequenceStart>(out _))
        {
            while (!parser.TryConsume<SequenceEnd>(out _))
                yield return (null, TextIn(parser));
            yield break;
        }
        if (!parser.TryConsume<MappingStart>(out _))
            throw At(parser.Current!.Start, "A list or a mapping is expected.");
        while (!parser.TryConsume<MappingEnd>(out _))
            yield return (TextIn(parser), TextIn(parser));
    }

    private static void Skip(Parser parser)
    {
        var depth = 0;
        do
        {
            var next = parser.Consume<ParsingEvent>();
            depth += next.NestingIncrease;
            if (depth > DeepestNesting)
                throw At(next.Start, $"More than {DeepestNesting} lists and mappings are inside each other.");
        } while (depth > 0);
    }

    private static Scalar TextIn(Parser parser) => parser.TryConsume<Scalar>(out var text) ? text : throw At(parser.Current!.Start, "A text or a number is expected.");

    private static FormatException At(Mark place, string problem) => new($"line {place.Line}: {problem}");
}
