using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Labeling;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Modules;

/// <summary>Labels for the images of datasets.</summary>
internal static class LabelingModule
{
    public static Module Declaration { get; } = new(AppModule.Labeling)
    {
        IsOptional = true,
        Capabilities = ["Labeling"],
        Databases = [LabelingDatabase.Declaration],
        Permissions = [Permission.LabelingRead, Permission.LabelingWrite],
        ApiGroups = [new("Labeling", "What the labeling application needs to know about the caller, and what it remembers for them.")],
        AddServices = services => services.AddScoped<PreferenceChanges>(),
    };
}
