using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Mail;

namespace VisionPlatform.Application.Accounts;

/// <summary>Mails about accounts. Each is queued in the transaction of the change that it reports.</summary>
public sealed class AccountMails(Mailbox mailbox, AccountSettings settings)
{
    private static readonly TimeSpan NoticeUsefulFor = TimeSpan.FromDays(2);

    /// <summary>Link to a page of the console. The token is in the fragment, which browsers do not send to servers.</summary>
    public Uri Link(string page, string token) => new(settings.ConsoleUrl, $"{page}#token={token}");

    public Task PasswordResetAsync(string email, string token, bool deliver, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "Choose a new password",
            $"""
            You, or another person, asked for a new password for the account {email}.

            Choose one here within {settings.PasswordResetLifetime.TotalMinutes:0} minutes:
            {Link("reset-password", token)}

            The link works once. If you did not ask for it, ignore this mail: your password does not change.
            """), settings.PasswordResetLifetime, cancellation, deliver);

    public Task ConfirmSignUpAsync(string email, string token, bool deliver, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "Confirm your e-mail address",
            $"""
            You, or another person, signed up with the address {email}.

            To create the account, confirm the address here within {settings.SignUpLifetime.TotalHours:0} hours with the password that you chose:
            {Link("confirm-sign-up", token)}

            If that was not you, ignore this mail: no account is created.
            """), settings.SignUpLifetime, cancellation, deliver);

    public Task WelcomeAsync(string email, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "Your account",
            $"""
            An account was created for the address {email}. Sign in here:
            {settings.ConsoleUrl}

            If that was not you, ask for a new password to take over the account:
            {new Uri(settings.ConsoleUrl, "forgot-password")}
            """), NoticeUsefulFor, cancellation);

    public Task AlreadySignedUpAsync(string email, bool deliver, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "You already have an account",
            $"""
            You, or another person, tried to sign up with the address {email}, which already has an account. Nothing was changed.

            Sign in here:
            {settings.ConsoleUrl}

            If you forgot the password, choose a new one:
            {new Uri(settings.ConsoleUrl, "forgot-password")}
            """), NoticeUsefulFor, cancellation, deliver);

    public Task ConfirmEmailAsync(string email, string token, bool deliver, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "Confirm your new e-mail address",
            $"""
            You, or another person, wants to use the address {email} to sign in.

            Confirm it here within {settings.SignUpLifetime.TotalHours:0} hours:
            {Link("confirm-email", token)}

            If that was not you, ignore this mail.
            """), settings.SignUpLifetime, cancellation, deliver);

    /// <summary>Tells both addresses.</summary>
    public async Task EmailChangedAsync(string oldEmail, string newEmail, CancellationToken cancellation)
    {
        foreach (var to in (string[])[oldEmail, newEmail])
            await mailbox.PostAsync(
                new OutgoingMail(to, "Your e-mail address was changed",
                    $"""
                    The e-mail address of your account was changed from {oldEmail} to {newEmail}. Links that were mailed before no longer work.

                    If you did not expect this, tell an administrator at once.
                    """), NoticeUsefulFor, cancellation);
    }

    public Task PasswordChangedAsync(User user, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(user.Email, "Your password was changed",
            $"""
            The password of the account {user.Email} was changed, and all other sessions were ended.

            If that was not you, choose a new password at once, and tell an administrator:
            {new Uri(settings.ConsoleUrl, "forgot-password")}
            """), NoticeUsefulFor, cancellation);
}
