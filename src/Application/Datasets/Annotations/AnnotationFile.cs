using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Annotations;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>
/// Reads annotation files of both forms as one: COCO (https://cocodataset.org/#format-data) and the flat form of DICE have a list <c>annotations</c>
/// with <c>image_id</c> and <c>category_id</c>; the nested form of DICE has them in each image, with <c>class_id</c>.
/// </summary>
/// <param name="open">Opens the file from its start.</param>
/// <param name="maxEntryBytes">Bytes that one image or annotation may have.</param>
public sealed class AnnotationFile(Func<CancellationToken, Task<ObjectContent>> open, int maxEntryBytes) : IAnnotationSource
{
    private const string BackgroundName = "__background__";
    private const int LongestId = 200;

    private static readonly HashSet<string> HeadMembers = ["images", "categories", "classes"];
    private static readonly HashSet<string> BodyMembers = ["images", "annotations"];

    private readonly Dictionary<string, FileCategory> _categories = new(StringComparer.Ordinal);

    private JsonFileReader? _reader;
    private bool _isNested;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, FileCategory> Categories => _categories;

    /// <inheritdoc/>
    public AnnotationFormat Format => _isNested ? AnnotationFormat.Dice : AnnotationFormat.Coco;

    /// <inheritdoc/>
    public long ReadBytes => _reader?.ReadBytes ?? 0;

    /// <summary>Whether a class of this name stands for no object.</summary>
    public static bool IsBackground(string? name) => name == BackgroundName;

    /// <inheritdoc/>
    /// <exception cref="JsonException">The file is no JSON.</exception>
    public async IAsyncEnumerable<FileImage> ReadImagesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var file = await open(cancellation);
        _reader = new JsonFileReader(file.Stream, maxEntryBytes);
        var (images, number) = (false, 0);
        await foreach (var (member, value) in _reader.ReadAsync(HeadMembers, cancellation))
            if (member != "images")
                AddCategory(value);
            else
            {
                images = true;
                _isNested |= value.ValueKind == JsonValueKind.Object && value.TryGetProperty("annotations", out _);
                yield return ImageOf(value, number++);
            }
        if (!images)
            throw new InvalidDataException("The file has no list of images.");
    }

    /// <inheritdoc/>
    /// <exception cref="JsonException">The file is no JSON.</exception>
    public async IAsyncEnumerable<FileAnnotation> ReadAnnotationsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var file = await open(cancellation);
        _reader = new JsonFileReader(file.Stream, maxEntryBytes);
        var number = 0;
        await foreach (var (member, value) in _reader.ReadAsync(BodyMembers, cancellation))
            if (member == "annotations")
                yield return AnnotationOf(value, TextOf(Member(value, "image_id")) ?? "");
            else if (ImageOf(value, number++) is { FileId: var id } && Member(value, "annotations") is { ValueKind: JsonValueKind.Array } own)
                foreach (var annotation in own.EnumerateArray())
                    yield return AnnotationOf(annotation, id);
    }

    private static FileImage ImageOf(JsonElement value, int number) => new(
        TextOf(Member(value, "id")) ?? $"#{number}", Member(value, "file_name") is { ValueKind: JsonValueKind.String } name ? Text(name) : "",
        Whole(Member(value, "width")), Whole(Member(value, "height")));

    private void AddCategory(JsonElement value)
    {
        if (TextOf(Member(value, "id")) is not { } id || Member(value, "name") is not { ValueKind: JsonValueKind.String } name)
            throw new InvalidDataException("A category has no id or no name.");
        if (_categories.Count == ClassList.Most)
            throw new InvalidDataException($"The file has more than {ClassList.Most} categories.");
        var keypoints = Member(value, "keypoints") is { ValueKind: JsonValueKind.Array } names && names.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String)
            ? names.EnumerateArray().Select(Text).ToList()
            : null;
        if (!_categories.TryAdd(id, new FileCategory(CaseFold.Composed(Text(name)), keypoints is { Count: > 0 } ? keypoints : null)))
            throw new InvalidDataException($"Two categories have the id {id}.");
    }

    private FileAnnotation AnnotationOf(JsonElement value, string image)
    {
        try
        {
            var category = TextOf(Member(value, "category_id") ?? Member(value, "class_id"));
            var known = category is not null ? _categories.GetValueOrDefault(category) : null;
            var name = known?.Name ?? (Member(value, "class_name") is { ValueKind: JsonValueKind.String } text ? CaseFold.Composed(Text(text)) : null);
            var draft = new AnnotationDraft { Class = name ?? (category is null ? null : $"id {category}"), Crowd = IsTrue(Member(value, "iscrowd")) };
            if (IsBackground(name) || IsTrue(Member(value, "is_background")))
                return new FileAnnotation(image, draft, true, null, null);
            return new FileAnnotation(image, WithShape(draft, value), false, known?.Keypoints, null);
        }
        catch (Exception wrong) when (wrong is FormatException or InvalidOperationException or OverflowException)
        {
            return new FileAnnotation(image, new AnnotationDraft(), false, null,
                new AnnotationProblem(AnnotationFault.Malformed, "", wrong is FormatException ? wrong.Message : "A member has another type than the format says."));
        }
    }

    private static AnnotationDraft WithShape(AnnotationDraft draft, JsonElement value)
    {
        if (Member(value, "bbox_format") is { ValueKind: JsonValueKind.String } format && Text(format) != "xywh")
            throw new FormatException($"The bbox_format is '{Text(format)}', not xywh.");
        if (Member(value, "bbox") is { ValueKind: JsonValueKind.Array } box && box.GetArrayLength() > 0)
            draft = draft with { Box = Numbers(box) };
        if (Member(value, "keypoints") is { ValueKind: JsonValueKind.Array } points)
            draft = draft with { Keypoints = Triples(points) };
        return Member(value, "segmentation") switch
        {
            { ValueKind: JsonValueKind.Array } rings when rings.GetArrayLength() == 0 => draft,
            { ValueKind: JsonValueKind.Array } ring when ring[0].ValueKind == JsonValueKind.Number => draft with { Polygons = [Numbers(ring)] },
            { ValueKind: JsonValueKind.Array } rings => draft with { Polygons = [.. rings.EnumerateArray().Select(Numbers)] },
            { ValueKind: JsonValueKind.Object } runs => WithRuns(draft, runs),
            null or { ValueKind: JsonValueKind.Null } => draft,
            _ => throw new FormatException("The segmentation is neither a list of polygons nor a mask."),
        };
    }

    private static AnnotationDraft WithRuns(AnnotationDraft draft, JsonElement runs)
    {
        if (Member(runs, "size") is not { ValueKind: JsonValueKind.Array } size || size.GetArrayLength() != 2)
            throw new FormatException("The mask has no size.");
        var (height, width) = (size[0].GetInt32(), size[1].GetInt32());
        return Member(runs, "counts") switch
        {
            { ValueKind: JsonValueKind.String } compressed => draft with { Rle = new RleText([height, width], Text(compressed)) },
            { ValueKind: JsonValueKind.Array } counts => draft with { Mask = RunLengthMask.FromRuns(height, width, counts.EnumerateArray().Select(one => one.GetInt64())) },
            _ => throw new FormatException("The mask has no counts."),
        };
    }

    private static double[][] Triples(JsonElement points)
    {
        var numbers = Numbers(points);
        return numbers.Length % 3 == 0 ? [.. numbers.Chunk(3)] : throw new FormatException("The keypoints are not x, y and visibility each.");
    }

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(one => one.GetDouble())];

    private static JsonElement? Member(JsonElement value, string name) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var found) ? found : null;

    /// <summary>An id, which is a number or a text; a long one by its hash, because an index holds it.</summary>
    private static string? TextOf(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.Number } number when number.GetRawText() is { Length: <= LongestId } text => text,
        { ValueKind: JsonValueKind.String } id when Text(id) is var text => text.Length <= LongestId ? text : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text))),
        _ => null,
    };

    /// <summary>A text, without the characters that the database cannot store.</summary>
    private static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!.Replace('\0', '?').Replace('\u0001', '?');
        }
        catch (InvalidOperationException invalid)
        {
            throw new InvalidDataException("A text of the file is not valid Unicode.", invalid);
        }
    }

    private static int? Whole(JsonElement? value) => value is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var found) && found is > 0 and < int.MaxValue && found == Math.Floor(found) ? (int)found : null;

    private static bool IsTrue(JsonElement? value) => value is { ValueKind: JsonValueKind.True } || (value is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var set) && set == 1);
}
