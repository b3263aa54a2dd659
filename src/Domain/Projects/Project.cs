using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Domain.Projects;

/// <summary>A project. Datasets, jobs, models and deployments belong to one, and people are members of one.</summary>
public sealed class Project
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Unique among the owner's projects that are not deleted, regardless of case.</summary>
    public required string Name { get; set; }
    public string? Description { get; set; }
    public required Guid OwnerId { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>Version of the row (<c>xmin</c>). The database changes it with every write.</summary>
    public uint Version { get; init; }
}

/// <summary>A person's role in a project. It is in the user database and so has no foreign key to the project.</summary>
public sealed class ProjectMember
{
    public required Guid ProjectId { get; init; }
    public required Guid UserId { get; init; }
    public required ProjectRole Role { get; set; }
    public Guid? InvitedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
