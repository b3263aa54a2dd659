using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Mail;

namespace VisionPlatform.Application.Accounts;

/// <summary>The mails about accounts. Each is posted with what it tells of, in one transaction.</summary>
public sealed class AccountMails(Mailbox mailbox, AccountSettings settings)
{
    private static readonly TimeSpan NoticeUsefulFor = TimeSpan.FromDays(2);

    /// <summary>Where the console takes a token from a mail. The token is behind the #, which browsers send to no server.</summary>
    public Uri Link(string page, string token) => new(settings.ConsoleUrl, $"{page}#token={token}");

    public Task PasswordResetAsync(string email, string token, bool deliver, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "Choose a new password",
            $"""
            Somebody, probably you, asked for a new password for the account {email}.

            Choose one here within {settings.PasswordResetLifetime.TotalMinutes:0} minutes:
            {Link("reset-password", token)}

            The link works once. If you did not ask for it, you need do nothing: your password stays as it is.
            """), settings.PasswordResetLifetime, cancellation, deliver);

    public Task ConfirmSignUpAsync(string email, string token, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "Confirm your e-mail address",
            $"""
            Somebody, probably you, signed up with the address {email}.

            Confirm it here within {settings.SignUpLifetime.TotalHours:0} hours, with the password you chose, to make the account:
            {Link("confirm-sign-up", token)}

            If that was not you, you need do nothing: no account is made.
            """), settings.SignUpLifetime, cancellation);

    public Task WelcomeAsync(string email, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "Your account",
            $"""
            An account was made for the address {email}. Sign in here:
            {settings.ConsoleUrl}

            If that was not you, take the account over by asking for a new password:
            {new Uri(settings.ConsoleUrl, "forgot-password")}
            """), NoticeUsefulFor, cancellation);

    public Task AlreadySignedUpAsync(string email, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "You have an account already",
            $"""
            Somebody, probably you, tried to sign up with the address {email}, which has an account already. Nothing was changed.

            Sign in here:
            {settings.ConsoleUrl}

            If you do not know the password any more, choose a new one:
            {new Uri(settings.ConsoleUrl, "forgot-password")}
            """), NoticeUsefulFor, cancellation);

    public Task ConfirmEmailAsync(string email, string token, bool deliver, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(email, "Confirm your new e-mail address",
            $"""
            Somebody, probably you, wants to use the address {email} to sign in.

            Confirm it here within {settings.SignUpLifetime.TotalHours:0} hours:
            {Link("confirm-email", token)}

            If that was not you, you need do nothing.
            """), settings.SignUpLifetime, cancellation, deliver);

    public Task EmailChangedAsync(string oldEmail, string newEmail, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(oldEmail, "Your e-mail address was changed",
            $"""
            The e-mail address of your account was changed to {newEmail}.

            If that was not you, tell an administrator at once.
            """), NoticeUsefulFor, cancellation);

    public Task PasswordChangedAsync(User user, CancellationToken cancellation) => mailbox.PostAsync(
        new OutgoingMail(user.Email, "Your password was changed",
            $"""
            The password of the account {user.Email} was changed, and every other session was ended.

            If that was not you, choose a new password at once, and tell an administrator:
            {new Uri(settings.ConsoleUrl, "forgot-password")}
            """), NoticeUsefulFor, cancellation);
}
