using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Projects;

namespace VisionPlatform.Api.Projects;

/// <summary>What a project is to be called; a PUT replaces both.</summary>
public sealed record ProjectRequest([property: Name(ProjectLimits.Name)] string Name, [property: Prose(ProjectLimits.Description)] string? Description);

/// <summary>A project as the API shows it.</summary>
public sealed record ProjectAnswer(Guid Id, string Name, string? Description, Guid OwnerId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static ProjectAnswer Of(Project project) =>
        new(project.Id, project.Name, project.Description, project.OwnerId, project.CreatedAt, project.UpdatedAt);
}
