using System.Runtime.CompilerServices;
using System.Text;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Archives;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>
/// Reads a ZIP in the form of YOLO: <c>data.yaml</c> with the classes, and in folders named <c>labels</c> a text file for each image, which lies at the
/// same place in a folder named <c>images</c>. Images in the ZIP are not read: they have been uploaded before.
/// </summary>
/// <param name="read">Reads the archive.</param>
/// <param name="length">Bytes of the archive.</param>
/// <param name="dataset">The dataset that the labels are for.</param>
/// <param name="maxEntries">Files that the archive may have.</param>
/// <param name="maxEntryBytes">Bytes that one file of labels may have.</param>
public sealed class YoloFile(ReadRange read, long length, Dataset dataset, int maxEntries, int maxEntryBytes) : IAnnotationSource
{
    private const string Images = "images", Labels = "labels";

    /// <summary>Bytes that are read at a time: files of labels are small, and lie beside each other.</summary>
    private const int Window = 4 << 20;

    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"];

    private readonly Dictionary<string, FileCategory> _categories = new(StringComparer.Ordinal);
    private IReadOnlyList<ZipEntry> _labels = [];
    private YoloDescription? _description;
    private byte[] _window = [];
    private long _windowAt;

    /// <inheritdoc/>
    public AnnotationFormat Format => AnnotationFormat.Yolo;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, FileCategory> Categories => _categories;

    /// <inheritdoc/>
    public long ReadBytes { get; private set; }

    /// <inheritdoc/>
    public async IAsyncEnumerable<FileImage> ReadImagesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var entries = await EntriesAsync(cancellation);
        var description = DescriptionIn(entries);
        _description = await ParseAsync(description, cancellation);
        foreach (var (number, name) in _description.Names.OrderBy(pair => pair.Key))
            _categories.Add(number.ToString(System.Globalization.CultureInfo.InvariantCulture), new FileCategory(CaseFold.Composed(name), null));
        if (_description.Keypoints is { } points && dataset.Keypoints is { } own && own.Names.Count != points)
            throw new InvalidDataException($"{description.Name}: kpt_shape says {points} keypoints, the dataset has {own.Names.Count}.");
        _labels = [.. entries.Where(IsLabels).OrderBy(entry => entry.Offset)];
        if (_labels.Count == 0)
            throw new InvalidDataException("The ZIP has no text file in a folder named labels.");
        var root = description.Name[..(description.Name.LastIndexOf('/') + 1)];
        foreach (var (i, entry) in _labels.Index())
            yield return new FileImage(IdOf(i), entry.Name, null, null) { Paths = PathsOf(entry.Name, root), Split = entry.Name.Split('/')[..^1].Select(ImageLayouts.SplitOf).FirstOrDefault(split => split is not null) };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<FileAnnotation> ReadAnnotationsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        ReadBytes = 0;
        var form = new YoloForm(
            dataset.TaskType.Shape(), dataset.Keypoints?.Names.Count ?? _description!.Keypoints ?? 0, _description!.Keypoints is null ? null : _description.KeypointValues);
        foreach (var (i, entry) in _labels.Index())
        {
            var (text, damage) = await TryReadAsync(entry, cancellation);
            if (damage is not null)
                yield return new FileAnnotation(IdOf(i), new AnnotationDraft(), false, null, new AnnotationProblem(AnnotationFault.Malformed, "", damage)) { Place = entry.Name };
            foreach (var (line, row) in (text ?? "").TrimStart('\uFEFF').Split('\n').Index())
                if (!string.IsNullOrWhiteSpace(row))
                {
                    var draft = YoloRow.Parse(row, form, _description.Names, out var problem);
                    yield return new FileAnnotation(IdOf(i), draft ?? new AnnotationDraft(), false, null, problem) { IsNormalized = true, Place = $"{entry.Name} line {line + 1}" };
                }
            ReadBytes = Math.Max(ReadBytes, entry.Offset);
        }
        ReadBytes = length;
    }

    private async Task<IReadOnlyList<ZipEntry>> EntriesAsync(CancellationToken cancellation)
    {
        try
        {
            return [.. (await ZipDirectory.ReadAsync(read, length, maxEntries, cancellation)).Where(entry => !entry.IsFolder && entry.IsFile && !entry.Name.Split('/').Any(part => part.StartsWith('.') || part == "__MACOSX"))];
        }
        catch (Exception wrong) when (wrong is ArchiveDamagedException or ArchiveTooManyEntriesException)
        {
            throw new InvalidDataException(wrong is ArchiveDamagedException ? wrong.Message : $"{wrong.Message} {maxEntries} are allowed.", wrong);
        }
    }

    private static ZipEntry DescriptionIn(IReadOnlyList<ZipEntry> entries)
    {
        var found = entries.Where(entry => entry.Name.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || entry.Name.EndsWith(".yml", StringComparison.OrdinalIgnoreCase))
            .OrderBy(entry => Path.GetFileNameWithoutExtension(entry.Name) != "data").ThenBy(entry => entry.Name.Count(letter => letter == '/')).ThenBy(entry => entry.Name, StringComparer.Ordinal).ToList();
        return found is [var first, ..] ? first : throw new InvalidDataException("The ZIP has no data.yaml, which names the classes.");
    }

    private async Task<YoloDescription> ParseAsync(ZipEntry entry, CancellationToken cancellation)
    {
        var (text, damage) = await TryReadAsync(entry, cancellation);
        try
        {
            return text is not null ? YoloYaml.Parse(text) : throw new FormatException(damage);
        }
        catch (FormatException wrong)
        {
            throw new InvalidDataException($"{entry.Name} {wrong.Message}", wrong);
        }
    }

    private async Task<(string? Text, string? Damage)> TryReadAsync(ZipEntry entry, CancellationToken cancellation)
    {
        if (entry.Size > maxEntryBytes || entry.CompressedSize > maxEntryBytes)
            return (null, $"The file has more than {maxEntryBytes} bytes.");
        if (entry.IsEncrypted || !ZipData.CanUnpack(entry.Method))
            return (null, "The file is encrypted, or packed in a way that is not known.");
        try
        {
            var local = await LocalAsync(entry, cancellation);
            var content = ZipData.Unpack(local, entry.Method, entry.CompressedSize, entry.Size, entry.Crc32);
            return (new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content).Replace('\0', '?'), null);
        }
        catch (ArchiveDamagedException damaged)
        {
            return (null, damaged.Message);
        }
        catch (DecoderFallbackException)
        {
            return (null, "The file is no UTF-8 text.");
        }
    }

    /// <summary>The archive from the header of an entry to the end of its data.</summary>
    private async Task<ReadOnlyMemory<byte>> LocalAsync(ZipEntry entry, CancellationToken cancellation)
    {
        var wanted = (int)Math.Min(ZipData.LongestHeader + entry.CompressedSize, length - entry.Offset);
        if (entry.Offset < _windowAt || entry.Offset + wanted > _windowAt + _window.Length)
            (_window, _windowAt) = (await read(entry.Offset, (int)Math.Min(Math.Max(wanted, Window), length - entry.Offset), cancellation), entry.Offset);
        return _window.AsMemory((int)(entry.Offset - _windowAt), wanted);
    }

    private static bool IsLabels(ZipEntry entry) => entry.Name.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) && entry.Name.Split('/')[..^1].Contains(Labels, StringComparer.Ordinal);

    /// <summary>Beside the labels in <c>images</c>, as Ultralytics looks for them, or without that folder; from the top of the ZIP or from that of data.yaml.</summary>
    private static List<string> PathsOf(string labels, string root)
    {
        string[] tops = root.Length > 0 && labels.StartsWith(root, StringComparison.Ordinal) ? [labels, labels[root.Length..]] : [labels];
        var places = new List<string>();
        foreach (var top in tops)
        {
            var parts = top[..top.LastIndexOf('.')].Split('/');
            var at = Array.LastIndexOf(parts, Labels, parts.Length - 2);
            if (at < 0)
                continue;
            places.Add(string.Join('/', [.. parts[..at], Images, .. parts[(at + 1)..]]));
            places.Add(string.Join('/', [.. parts[..at], .. parts[(at + 1)..]]));
        }
        return [.. places.SelectMany(_ => Extensions, (place, extension) => place + extension)];
    }

    private static string IdOf(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
