using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>Collects what was refused: counts by reason, and the first entries.</summary>
internal sealed class ImportReport
{
    private readonly Dictionary<AnnotationFault, long> _reasons = [];
    private readonly List<RefusedEntry> _entries = [];

    public long Images { get; private set; }

    public long Annotations { get; private set; }

    public IReadOnlyList<RefusedCount> Reasons => [.. _reasons.OrderByDescending(one => one.Value).ThenBy(one => one.Key).Select(one => new RefusedCount(one.Key, one.Value))];

    public IReadOnlyList<RefusedEntry> Entries => _entries;

    public void RefuseImage(long number, string name, AnnotationFault reason, string detail)
    {
        Images++;
        Add(new RefusedEntry("image", number, Short(name), reason, null, detail));
    }

    public void RefuseAnnotation(long number, string? image, AnnotationProblem problem)
    {
        Annotations++;
        Add(new RefusedEntry("annotation", number, image is null ? null : Short(image), problem.Fault, problem.Field.Length == 0 ? null : problem.Field, Short(problem.Message)));
    }

    private void Add(RefusedEntry entry)
    {
        _reasons[entry.Reason] = _reasons.GetValueOrDefault(entry.Reason) + 1;
        // The image is in the list already; its annotations would push out what else is wrong.
        if (_entries.Count < AnnotationImport.MostListed && entry.Reason != AnnotationFault.ImageRefused)
            _entries.Add(entry);
    }

    private static string Short(string text) => (text.Length <= 300 ? text : text[..300] + "…").Replace('\0', '?');
}
