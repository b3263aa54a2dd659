using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Domain.Projects;

/// <summary>What datasets, jobs, models and deployments belong to; the unit of membership.</summary>
public sealed class Project
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Unique among the owner's projects that are not deleted, ignoring case.</summary>
    public required string Name { get; set; }
    public string? Description { get; set; }
    public required Guid OwnerId { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>Changes with every write; the database gives it.</summary>
    public uint Version { get; init; }
}

/// <summary>A person's role in a project; in the user database, so without a foreign key to the project.</summary>
public sealed class ProjectMember
{
    public required Guid ProjectId { get; init; }
    public required Guid UserId { get; init; }
    public required ProjectRole Role { get; set; }
    public Guid? InvitedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
