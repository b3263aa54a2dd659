using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Text;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>Checks annotations of a file against a dataset. What the task does not use (masks of a detection dataset) is left out before.</summary>
internal sealed class AnnotationCheck
{
    private readonly Dataset _dataset;
    private readonly ClassList _classes;

    /// <param name="dataset">The dataset.</param>
    /// <param name="categories">Categories of the file by id.</param>
    /// <exception cref="InvalidDataException">A category has keypoints that the dataset does not have.</exception>
    public AnnotationCheck(Dataset dataset, IReadOnlyDictionary<string, FileCategory> categories)
    {
        (_dataset, _classes) = (dataset, new ClassList(dataset.Classes));
        if (dataset.Keypoints is not { } own)
            return;
        foreach (var category in categories.Values)
            foreach (var name in category.Keypoints ?? [])
                if (!own.Names.Any(known => CaseFold.AreEqual(known, name)))
                    throw new InvalidDataException($"The category '{category.Name}' has the keypoint '{name}', which the dataset does not have.");
    }

    /// <summary>Whether a category of this name stands for no object. In semantic segmentation <c>background</c> is what nothing covers.</summary>
    public static bool IsBackground(TaskType task, string name) =>
        AnnotationFile.IsBackground(name) || (task == TaskType.SemanticSegmentation && CaseFold.AreEqual(name, "background"));

    /// <summary>Whether an annotation only says that there is nothing.</summary>
    public bool IsNothing(FileAnnotation annotation) => annotation.IsBackground || (annotation.Draft.Class is { } name && IsBackground(_dataset.TaskType, name));

    /// <param name="annotation">Not one that only says that there is nothing.</param>
    /// <param name="image">Its image; null when the file does not list it.</param>
    public CheckedAnnotation Check(FileAnnotation annotation, StagedImage? image)
    {
        if (image is null)
            return Refused(AnnotationFault.ImageNotListed, "image_id", $"The file lists no image with the id '{annotation.ImageFileId}'.");
        if (image.ImageId is null)
            return Refused(AnnotationFault.ImageRefused, "image_id", "The image was refused.");
        if (annotation.Problem is { } problem)
            return new CheckedAnnotation(null, problem, false);
        if (annotation.IsNormalized)
            annotation = annotation with { Draft = YoloRow.Scaled(annotation.Draft, image.Width, image.Height) };
        return AnnotationRules.Check(
            WithOnlyWhatApplies(annotation), new AnnotationScope(_dataset.TaskType, image.Width, image.Height, _classes, _dataset.Keypoints));
    }

    private AnnotationDraft WithOnlyWhatApplies(FileAnnotation annotation)
    {
        var (draft, shape) = (annotation.Draft, _dataset.TaskType.Shape());
        if (draft.Box is null && shape == ObjectShape.Box && draft.Polygons is { Count: > 0 } rings && rings.All(ring => ring.Count >= 6 && ring.Count % 2 == 0))
            draft = draft with { Box = Around(rings) };
        return draft with
        {
            // Polygons say more than the box beside them, which may be rounded or wrong.
            Box = shape is ObjectShape.Mask or ObjectShape.RotatedBox && (draft.Polygons ?? (object?)draft.Rle ?? draft.Mask) is not null ? null : draft.Box,
            Polygons = shape is ObjectShape.Mask or ObjectShape.RotatedBox ? draft.Polygons : null,
            Rle = shape == ObjectShape.Mask ? draft.Rle : null,
            Mask = shape == ObjectShape.Mask ? draft.Mask : null,
            Keypoints = shape == ObjectShape.Keypoints ? InOrder(draft.Keypoints, annotation.Keypoints) : null,
        };
    }

    private static double[] Around(IReadOnlyList<IReadOnlyList<double>> rings)
    {
        var (xs, ys) = (rings.SelectMany(ring => ring.Where((_, i) => i % 2 == 0)).ToList(), rings.SelectMany(ring => ring.Where((_, i) => i % 2 == 1)).ToList());
        return [xs.Min(), ys.Min(), xs.Max() - xs.Min(), ys.Max() - ys.Min()];
    }

    /// <summary>The keypoints in the order of the dataset; those that the category does not have are not labelled.</summary>
    private IReadOnlyList<IReadOnlyList<double>>? InOrder(IReadOnlyList<IReadOnlyList<double>>? points, IReadOnlyList<string>? names)
    {
        if (points is null || names is null || points.Count != names.Count)
            return points;
        return [.. _dataset.Keypoints!.Names.Select(name => At(name) is >= 0 and var at ? points[at] : (IReadOnlyList<double>)[0, 0, 0])];

        int At(string name)
        {
            for (var i = 0; i < names.Count; i++)
                if (CaseFold.AreEqual(names[i], name))
                    return i;
            return -1;
        }
    }

    private static CheckedAnnotation Refused(AnnotationFault fault, string field, string message) => new(null, new AnnotationProblem(fault, field, message), false);
}
