using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>Data of a sign-up.</summary>
public sealed record NewAccount(string Email, string Password, string? FullName);

/// <summary>
/// Creates accounts by sign-up. Only the owner of the mailbox learns whether an address already has an account: the
/// answer and the work are the same.
/// </summary>
public sealed class SignUp(
    UserDatabase database, PasswordHashing passwords, SignIn signIn, SignInThrottle throttle, AccountMails mails, MailLimits limits, AccountSettings settings, AuditLog audit, TimeProvider time)
{
    /// <summary>
    /// Accepts a sign-up. With confirmation the account is created when the link in the mail is followed; otherwise
    /// at once. The owner of an address that already has an account gets a mail about it.
    /// </summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.SignUpClosed"/>, <see cref="ErrorCodes.InvitationRequired"/>, <see cref="ErrorCodes.WeakPassword"/>,
    /// <see cref="ErrorCodes.ValidationFailed"/> for an invalid address.
    /// </exception>
    public async Task RequestAsync(NewAccount wanted, CancellationToken cancellation)
    {
        if (settings.SignUp != SignUpMode.Open)
            throw new ProblemException(settings.SignUp == SignUpMode.Off ? ErrorCodes.SignUpClosed : ErrorCodes.InvitationRequired);
        var normalised = RequireValid(wanted);
        var hash = await passwords.HashAsync(wanted.Password, cancellation);
        var now = time.GetUtcNow();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // Beyond the limit everything happens but the mail, so that the answer reveals nothing.
        var deliver = await limits.CountAsync(normalised, "sign-up", sender: null, cancellation) is null;
        if (settings.ConfirmsEmail)
            await PrepareAsync(wanted, normalised, hash, now, deliver, cancellation);
        else if (await MakeAsync(wanted.Email.Trim(), normalised, hash, wanted.FullName, now, cancellation) is not null)
            await mails.WelcomeAsync(wanted.Email.Trim(), cancellation);
        else
            await mails.AlreadySignedUpAsync(normalised, deliver, cancellation);
        await audit.AppendAsync(new AuditEvent("user.sign_up") { Actor = AuditActor.Stranger(normalised), SubjectType = "user", SubjectName = normalised }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>
    /// Creates the account of a sign-up and signs in. The password is required again: a person who follows the link of another
    /// person's sign-up must not create an account whose password only that person knows.
    /// </summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidLink"/>, <see cref="ErrorCodes.InvalidCredentials"/>, <see cref="ErrorCodes.TooManyAttempts"/>.</exception>
    public async Task<Session> ConfirmAsync(string token, string password, ClientOrigin origin, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var link = await MailedTokens.FindAsync(database, token, MailedTokenPurpose.SignUp, now, cancellation);
        if (link is not { PasswordHash: { } hash } || !EmailAddress.TryNormalise(link.Email, out var normalised))
            throw new ProblemException(ErrorCodes.InvalidLink);
        await throttle.RequireUnlockedAsync(normalised, origin.Address, cancellation);
        if (!(await passwords.VerifyAsync(hash, password, cancellation)).Fits)
        {
            await throttle.RecordFailureAsync(normalised, origin.Address, cancellation);
            throw new ProblemException(ErrorCodes.InvalidCredentials, "This is not the password chosen at sign-up.");
        }
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        if (!await MailedTokens.UseAsync(database, link.Id, now, cancellation) || await MakeAsync(link.Email, normalised, hash, link.FullName, now, cancellation) is not { } user)
            throw new ProblemException(ErrorCodes.InvalidLink);
        var session = await signIn.BeginAsync(user, origin, cancellation);
        await audit.AppendAsync(new AuditEvent("user.confirm_sign_up")
        {
            Actor = AuditActor.Person(user.Id, user.Email), SubjectType = "user", SubjectId = user.Id.ToString(), SubjectName = user.Email,
        }, cancellation);
        await transaction.CommitAsync(cancellation);
        return session;
    }

    private static string RequireValid(NewAccount wanted)
    {
        if (!EmailAddress.TryNormalise(wanted.Email, out var normalised))
            throw new ProblemException(ErrorCodes.ValidationFailed, "This is not an e-mail address.", "email");
        Passwords.RequireGood(wanted.Password, normalised, "password");
        return normalised;
    }

    // Write the same rows whether or not the address has an account.
    private async Task PrepareAsync(NewAccount wanted, string normalised, string hash, DateTimeOffset now, bool deliver, CancellationToken cancellation)
    {
        var exists = await database.Users.AnyAsync(u => u.NormalizedEmail == normalised, cancellation);
        var token = SecretToken.Create();
        database.MailedTokens.Add(new MailedToken
        {
            Purpose = MailedTokenPurpose.SignUp,
            TokenHash = SecretToken.HashOf(token),
            Email = wanted.Email.Trim(),
            PasswordHash = hash,
            FullName = wanted.FullName?.AsName(),
            CreatedAt = now,
            ExpiresAt = now + settings.SignUpLifetime,
        });
        await (exists ? mails.AlreadySignedUpAsync(normalised, deliver, cancellation) : mails.ConfirmSignUpAsync(wanted.Email.Trim(), token, deliver, cancellation));
    }

    // Null when the address has an account, also when a simultaneous sign-up has just created it.
    private async Task<User?> MakeAsync(string email, string normalised, string hash, string? fullName, DateTimeOffset now, CancellationToken cancellation)
    {
        if (await database.Users.AnyAsync(u => u.NormalizedEmail == normalised, cancellation))
            return null;
        var user = new User { Email = email, NormalizedEmail = normalised, FullName = fullName?.AsName(), PasswordHash = hash, CreatedAt = now, UpdatedAt = now };
        database.Users.Add(user);
        try
        {
            await database.SaveChangesAsync(cancellation);
            return user;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            database.Entry(user).State = EntityState.Detached;
            return null;
        }
    }
}
