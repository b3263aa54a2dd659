using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Application.Modules;

/// <summary>Labels for the images of datasets.</summary>
internal static class LabelingModule
{
    public static Module Declaration { get; } = new(AppModule.Labeling)
    {
        IsOptional = true,
        Capabilities = ["Labeling"],
        Permissions = [Permission.LabelingRead],
        ApiGroups = [new("Labeling", "What the labeling application needs to know about the caller.")],
    };
}
