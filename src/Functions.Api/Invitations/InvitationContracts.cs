using System.ComponentModel.DataAnnotations;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Invitations;

namespace VisionPlatform.Api.Invitations;

/// <summary>Whom to invite.</summary>
/// <param name="Email">Where the invitation is mailed to; only the account of this address can accept it.</param>
/// <param name="Role">To a project viewer, member or admin; to a dataset viewer, annotator, reviewer or admin; to an organization a system role that one may grant.</param>
/// <param name="Message">A word to the invited person.</param>
public sealed record InvitationRequest(
    [property: StringLength(320)] string Email, [property: StringLength(50)] string Role, [property: Prose(Invitation.MaximumMessage)] string? Message = null);

/// <summary>An invitation as its inviter, or the invited person, sees it. The token is in the mail alone.</summary>
public sealed record InvitationAnswer(
    Guid Id, InvitationKind Kind, Guid TargetId, string TargetName, string Email, string Role, string? Message, InvitationState State, Guid InviterId,
    DateTimeOffset CreatedAt, DateTimeOffset SentAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt)
{
    public static InvitationAnswer Of(Invitation i) => new(
        i.Id, i.Kind, i.TargetId, i.TargetName, i.Email, i.Role, i.Message, i.State, i.InviterId, i.CreatedAt, i.SentAt, i.ExpiresAt, i.EndedAt);
}

/// <summary>The token of a mailed invitation.</summary>
/// <param name="Token">From the link in the mail.</param>
public sealed record InvitationToken([property: StringLength(512)] string Token);

/// <summary>An account for the invited address.</summary>
/// <param name="Token">From the link in the mail.</param>
/// <param name="Password">At least 12 characters.</param>
/// <param name="FullName">What one is called.</param>
public sealed record InvitedSignUp(
    [property: StringLength(512)] string Token, [property: StringLength(PasswordRules.MaximumLength * 2)] string Password, [property: Name(200)] string? FullName = null);

/// <summary>What a mailed token opens, for the page that it leads to.</summary>
/// <param name="Kind">To what kind of thing.</param>
/// <param name="TargetName">What it is called.</param>
/// <param name="Email">The address that was invited.</param>
/// <param name="Role">What one is to be there.</param>
/// <param name="Inviter">Who invites.</param>
/// <param name="Message">A word of theirs.</param>
/// <param name="ExpiresAt">Until when it can be accepted.</param>
public sealed record InvitationPreview(InvitationKind Kind, string TargetName, string Email, string Role, string Inviter, string? Message, DateTimeOffset ExpiresAt);
