using VisionPlatform.Domain.Audit;

namespace VisionPlatform.Domain.Projects;

/// <summary>
/// A transfer of a project that has begun. The owner is in the platform database and the members are in the user database, as is this row, which
/// exists only while the two may disagree. Both people are in the project for as long as it exists.
/// </summary>
public sealed class OwnershipTransfer
{
    /// <summary>The project; it has one transfer at a time.</summary>
    public required Guid ProjectId { get; init; }

    /// <summary>Tells this transfer from a later one of the same project.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>The owner before.</summary>
    public required Guid FromId { get; init; }

    /// <summary>The owner after.</summary>
    public required Guid ToId { get; init; }
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>What the audit log will say once the owner has changed.</summary>
    public required AuditEntry Entry { get; init; }
}
