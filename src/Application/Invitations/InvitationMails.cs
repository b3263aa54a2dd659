using System.Text.RegularExpressions;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Infrastructure.Mail;

namespace VisionPlatform.Application.Invitations;

/// <summary>
/// The mail of an invitation. It goes to people who do not know the inviter, so it has no text that the inviter chose freely: no message, and
/// no name that could be a link or an advertisement. The page behind the link shows them.
/// </summary>
public sealed partial class InvitationMails(Mailbox mailbox, AccountMails accounts)
{
    private const int LongestName = 60;

    public Task InviteAsync(Invitation invitation, Inviter by, string token, CancellationToken cancellation)
    {
        var kind = invitation.Kind.AsText();
        var what = HarmlessName(invitation.TargetName) is { } name ? $"the {kind} \"{name}\"" : $"{(kind[0] == 'o' ? "an" : "a")} {kind}";
        var inviter = by.FullName is { } full && HarmlessName(full) is { } called ? $"{called} ({by.Email})" : by.Email;
        var more = invitation.Message is null ? "" : " The page also shows what they wrote to you.";
        return mailbox.PostAsync(
            new OutgoingMail(invitation.Email, $"{by.Email} invites you to {what}",
                $"""
                {inviter} invites you to {what}, as {invitation.Role.Replace('_', ' ')}.

                Accept or decline until {invitation.ExpiresAt:d MMMM yyyy HH:mm} UTC:{more}
                {accounts.Link("invitation", token)}

                Sign in with the address {invitation.Email}, or create an account for it there. If you do not expect this invitation, ignore this mail.
                """), Invitation.Lifetime, cancellation);
    }

    /// <summary>The name, if it is short and nothing in it looks like an address; null otherwise.</summary>
    internal static string? HarmlessName(string name) =>
        name.Length <= LongestName && !LikeAddress().IsMatch(name) && !name.Any(char.IsControl) ? name.Trim() : null;

    // What mail programs turn into links: a scheme, www, an e-mail address, or letters after a dot within a word (example.com).
    [GeneratedRegex(@"[:/\\@]|\bwww\b|\w[.\u3002\uFF0E\uFF61]\s?\p{L}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LikeAddress();
}
