using System.ComponentModel.DataAnnotations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Invitations;

namespace VisionPlatform.Api.Invitations;

/// <summary>An invitation to send.</summary>
/// <param name="Email">Address to which the invitation is sent. Only the account of this address can accept it.</param>
/// <param name="Role">Role that the person gets. In a project: <c>viewer</c>, <c>member</c> or <c>admin</c>. In a dataset: <c>viewer</c>, <c>annotator</c>, <c>reviewer</c> or <c>admin</c>. In an organization: a system role that the caller may grant.</param>
/// <param name="Message">Message to the invited person; may be left out. The page that the link in the mail leads to shows it, not the mail itself.</param>
public sealed record InvitationRequest(
    [property: StringLength(320)] string Email, [property: StringLength(50)] string Role, [property: Prose(Invitation.MaximumMessage)] string? Message = null);

/// <summary>An invitation as the inviter and the invited person see it. Its token is only in the mail.</summary>
/// <param name="Kind">What the person is invited to.</param>
/// <param name="TargetId">Id of the organization, project or dataset.</param>
/// <param name="TargetName">Name of the organization, project or dataset when the invitation was sent.</param>
/// <param name="Email">Address that was invited.</param>
/// <param name="Role">Role that the person gets.</param>
/// <param name="Message">Message of the inviter; null when there is none.</param>
/// <param name="State">Whether the invitation can still be accepted.</param>
/// <param name="InviterId">Account that sent the invitation.</param>
/// <param name="SentAt">When the invitation was last mailed.</param>
/// <param name="ExpiresAt">Until when the invitation can be accepted.</param>
/// <param name="EndedAt">When the invitation was accepted, declined, cancelled or expired; null while it is pending.</param>
public sealed record InvitationAnswer(
    Guid Id, InvitationKind Kind, Guid TargetId, string TargetName, string Email, string Role, string? Message, InvitationState State, Guid InviterId,
    DateTimeOffset CreatedAt, DateTimeOffset SentAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt)
{
    public static InvitationAnswer Of(Invitation i) => new(
        i.Id, i.Kind, i.TargetId, i.TargetName, i.Email, i.Role, i.Message, i.State, i.InviterId, i.CreatedAt, i.SentAt, i.ExpiresAt, i.EndedAt);
}

/// <summary>The token of a mailed invitation.</summary>
/// <param name="Token">Token from the link in the mail.</param>
public sealed record InvitationToken([property: StringLength(512)] string Token);

/// <summary>An account for the invited address.</summary>
/// <param name="Token">Token from the link in the mail.</param>
/// <param name="Password">Password: at least 12 characters, and not a common password.</param>
/// <param name="FullName">Name of the person; may be left out.</param>
public sealed record InvitedSignUp(
    [property: StringLength(512)] string Token, [property: StringLength(PasswordRules.MaximumLength * 2)] string Password, [property: Name(200)] string? FullName = null);

/// <summary>What an invitation offers, for the page that the link in the mail leads to.</summary>
/// <param name="Kind">What the person is invited to.</param>
/// <param name="TargetName">Name of the organization, project or dataset.</param>
/// <param name="Email">Address that was invited.</param>
/// <param name="Role">Role that the person gets.</param>
/// <param name="Inviter">Name of the person who sent the invitation, or their e-mail address.</param>
/// <param name="Message">Message of the inviter; null when there is none.</param>
/// <param name="ExpiresAt">Until when the invitation can be accepted.</param>
public sealed record InvitationPreview(InvitationKind Kind, string TargetName, string Email, string Role, string Inviter, string? Message, DateTimeOffset ExpiresAt);
