using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Datasets;

internal static class UploadLayouts
{
    /// <summary>What the folders of an upload mean. Where images have annotations, a folder is no class.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ValidationFailed"/> when folders are to be classes there.</exception>
    public static ImageLayout Of(TaskType task, ImageLayout? wanted) => (task.HasAnnotations(), wanted) switch
    {
        (false, _) => wanted ?? ImageLayout.FoldersAreClasses,
        (true, ImageLayout.FoldersAreClasses) => throw new ProblemException(ErrorCodes.ValidationFailed, "Images of this dataset have annotations, not a class. Use flat, or splits_and_classes for the splits.", "layout"),
        _ => wanted ?? ImageLayout.Flat,
    };
}
