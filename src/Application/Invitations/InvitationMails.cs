using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Infrastructure.Mail;

namespace VisionPlatform.Application.Invitations;

/// <summary>The mail of an invitation.</summary>
public sealed class InvitationMails(Mailbox mailbox, AccountMails accounts)
{
    public Task InviteAsync(Invitation invitation, string inviter, string token, CancellationToken cancellation)
    {
        var what = $"the {invitation.Kind.AsText()} \"{invitation.TargetName}\"";
        var message = invitation.Message is { } words ? $"\n{inviter} writes:\n\n{words}\n" : "";
        return mailbox.PostAsync(
            new OutgoingMail(invitation.Email, $"{inviter} invites you to {what}",
                $"""
                {inviter} invites you to {what}, as {invitation.Role.Replace('_', ' ')}.
                {message}
                Accept or decline until {invitation.ExpiresAt:d MMMM yyyy HH:mm} UTC:
                {accounts.Link("invitation", token)}

                Sign in with the address {invitation.Email}, or create an account for it there. If you do not expect this invitation, ignore this mail.
                """), Invitation.Lifetime, cancellation);
    }
}
