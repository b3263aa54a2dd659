using VisionPlatform.Domain.Projects;

namespace VisionPlatform.Api.Projects;

/// <summary>Name and description of a project. An update replaces both.</summary>
/// <param name="Name">Name of the project, unique among the projects of its owner regardless of case.</param>
/// <param name="Description">Free text; null for none.</param>
public sealed record ProjectRequest([property: Name(ProjectLimits.Name)] string Name, [property: Prose(ProjectLimits.Description)] string? Description);

/// <summary>A project.</summary>
/// <param name="Name">Name of the project, unique among the projects of its owner regardless of case.</param>
/// <param name="OwnerId">Account that owns the project.</param>
public sealed record ProjectAnswer(Guid Id, string Name, string? Description, Guid OwnerId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static ProjectAnswer Of(Project project) =>
        new(project.Id, project.Name, project.Description, project.OwnerId, project.CreatedAt, project.UpdatedAt);
}
