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
/// A mailed offer of a role to the owner of one e-mail address. Only the hash of its token is kept. It is worth what its
/// inviter may still give when it is accepted.
/// </summary>
public sealed class Invitation
{
    /// <summary>How long it can be accepted.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    public const int MaximumMessage = 1000;

    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required InvitationKind Kind { get; init; }

    /// <summary>Organization, project or dataset, by <see cref="Kind"/>.</summary>
    public required Guid TargetId { get; init; }

    /// <summary>What the target was called when the invitation was sent.</summary>
    public required string TargetName { get; set; }

    /// <summary>A role of the vocabulary of <see cref="Kind"/>, as text: see <see cref="InvitationRoles"/>.</summary>
    public required string Role { get; init; }
    public required Guid InviterId { get; init; }

    /// <summary>As the inviter wrote it.</summary>
    public required string Email { get; init; }
    public required string NormalizedEmail { get; init; }

    /// <summary>A word of the inviter to the invited person.</summary>
    public string? Message { get; init; }
    public required byte[] TokenHash { get; set; }
    public InvitationState State { get; set; } = InvitationState.Pending;
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was mailed last.</summary>
    public required DateTimeOffset SentAt { get; set; }
    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When it stopped being pending.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Who accepted or declined it, when an account did.</summary>
    public Guid? AnsweredBy { get; set; }

    /// <summary>Whether it can still be accepted.</summary>
    public bool IsOpen(DateTimeOffset now) => State == InvitationState.Pending && ExpiresAt > now;
}

/// <summary>The three vocabularies of roles, one for each kind of invitation; none is ever read as another.</summary>
public static class InvitationRoles
{
    /// <summary>The roles that somebody with this system role may offer, weakest first.</summary>
    public static IReadOnlyList<string> Of(InvitationKind kind, SystemRole inviter) => kind switch
    {
        InvitationKind.Organization => [.. RoleRules.Grantable(inviter).Select(role => role.AsText())],
        InvitationKind.Project => [.. RoleRules.ProjectRoles.Select(role => role.AsText())],
        InvitationKind.Dataset => [.. RoleRules.DatasetRoles.Select(role => role.AsText())],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of invitation."),
    };
}
