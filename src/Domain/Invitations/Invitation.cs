using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Domain.Invitations;

/// <summary>What a person is invited to.</summary>
public enum InvitationKind
{
    Organization,
    Project,
    Dataset,
}

/// <summary>Whether an invitation can still be accepted.</summary>
public enum InvitationState
{
    /// <summary>It can be accepted until it expires.</summary>
    Pending,

    /// <summary>It was accepted.</summary>
    Accepted,

    /// <summary>It was declined.</summary>
    Declined,

    /// <summary>Nobody answered in time.</summary>
    Expired,

    /// <summary>It was withdrawn.</summary>
    Cancelled,
}

/// <summary>
/// A mailed offer of a role to the owner of one e-mail address. Only the hash of its token is stored. It can be accepted
/// only while its inviter may give the role.
/// </summary>
public sealed class Invitation
{
    /// <summary>How long it can be accepted after it was mailed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    public const int MaximumMessage = 1000;

    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required InvitationKind Kind { get; init; }

    /// <summary>Id of the organization, project or dataset.</summary>
    public required Guid TargetId { get; init; }

    /// <summary>Name of the target when the invitation was last mailed.</summary>
    public required string TargetName { get; set; }

    /// <summary>Text of a role that <see cref="Kind"/> has; see <see cref="InvitationRoles"/>.</summary>
    public required string Role { get; init; }
    public required Guid InviterId { get; init; }

    /// <summary>The address as the inviter wrote it.</summary>
    public required string Email { get; init; }
    public required string NormalizedEmail { get; init; }

    /// <summary>Message of the inviter; null for none.</summary>
    public string? Message { get; init; }
    public required byte[] TokenHash { get; set; }
    public InvitationState State { get; set; } = InvitationState.Pending;
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last mailed.</summary>
    public required DateTimeOffset SentAt { get; set; }
    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When it was accepted, declined, cancelled or expired.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>The account that accepted it; null otherwise.</summary>
    public Guid? AnsweredBy { get; set; }

    /// <summary>Whether it can still be accepted.</summary>
    public bool IsOpen(DateTimeOffset now) => State == InvitationState.Pending && ExpiresAt > now;
}

/// <summary>The roles that each kind of invitation can offer. A role of one kind is never read as one of another.</summary>
public static class InvitationRoles
{
    /// <summary>The roles that an inviter with this system role may offer, weakest first.</summary>
    public static IReadOnlyList<string> Of(InvitationKind kind, SystemRole inviter) => kind switch
    {
        InvitationKind.Organization => [.. RoleRules.Grantable(inviter).Select(role => role.AsText())],
        InvitationKind.Project => [.. RoleRules.ProjectRoles.Select(role => role.AsText())],
        InvitationKind.Dataset => [.. RoleRules.DatasetRoles.Select(role => role.AsText())],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of invitation."),
    };
}
