using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>What a task type needs to know about an object besides its class and box.</summary>
public enum ObjectShape
{
    /// <summary>Nothing: the box is all.</summary>
    Box,

    /// <summary>Polygons or runs.</summary>
    Mask,

    /// <summary>One point for each keypoint of the dataset.</summary>
    Keypoints,

    /// <summary>A polygon of four points.</summary>
    RotatedBox,
}

public static class TaskTypes
{
    /// <summary>Whether images have annotations; images of a classification have one class instead.</summary>
    public static bool HasAnnotations(this TaskType task) => task != TaskType.ImageClassification;

    /// <summary>What annotations of the task have besides class and box.</summary>
    public static ObjectShape Shape(this TaskType task) => task switch
    {
        TaskType.InstanceSegmentation or TaskType.SemanticSegmentation => ObjectShape.Mask,
        TaskType.KeypointDetection => ObjectShape.Keypoints,
        TaskType.OrientedDetection => ObjectShape.RotatedBox,
        _ => ObjectShape.Box,
    };
}

/// <summary>The classes of a dataset in the order of a model's outputs. Names are found by <see cref="CaseFold"/>.</summary>
public sealed class ClassList(IReadOnlyList<string> names)
{
    /// <summary>Classes that a dataset may have.</summary>
    public const int Most = 10_000;

    private readonly Dictionary<string, string> _spellings = names.ToDictionary(CaseFold.Of, name => name, StringComparer.Ordinal);

    public IReadOnlyList<string> Names { get; } = names;

    /// <summary>The class as the dataset spells it; null when it has none of this name.</summary>
    public string? Find(string name) => _spellings.GetValueOrDefault(CaseFold.Of(name));

    /// <summary>What is wrong with a list of names, and with which; null when it is right.</summary>
    public static (string Field, string Message)? Problem(IReadOnlyList<string> names, TaskType task = TaskType.ObjectDetection)
    {
        if (names.Count > Most)
            return ("", $"A dataset may have {Most} classes.");
        var seen = new HashSet<string>(CaseFold.Comparer);
        for (var i = 0; i < names.Count; i++)
        {
            if (ClassName.Problem(CaseFold.Composed(names[i])) is { } problem)
                return ($"[{i}]", problem);
            // Trainers put a class of this name before the others.
            if (task == TaskType.SemanticSegmentation && CaseFold.AreEqual(names[i], "background"))
                return ($"[{i}]", "In semantic segmentation 'background' is what no annotation covers. Leave it out.");
            if (!seen.Add(names[i]))
                return ($"[{i}]", $"'{names[i]}' is named twice (upper and lower case are the same).");
        }
        return null;
    }
}

/// <summary>What annotations of one image are checked against.</summary>
/// <param name="Width">Pixels of the upright image.</param>
/// <param name="Height">Pixels of the upright image.</param>
/// <param name="Keypoints">The dataset's keypoints; null unless it is for keypoint detection.</param>
public sealed record AnnotationScope(TaskType Task, int Width, int Height, ClassList Classes, KeypointList? Keypoints);
