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

/// <summary>A change of the own account. Name and color are replaced.</summary>
/// <param name="BadgeColor">One of <see cref="Avatar.Colors"/>; null for the color that the id determines.</param>
/// <param name="Email">New e-mail address; null keeps the current one.</param>
/// <param name="CurrentPassword">Required to change the address.</param>
public sealed record ProfileChange(string? FullName, string? BadgeColor, string? Email, string? CurrentPassword);

/// <summary>Changes the own account.</summary>
public sealed class OwnProfile(
    UserDatabase database, SignIn signIn, AccountMails mails, MailLimits limits, AccountSettings settings, AuditLog audit, TimeProvider time)
{
    /// <summary>Changes the account. Returns the changed account, and the new address if it must be confirmed first.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.ValidationFailed"/> for an invalid color or address or a wrong password;
    /// <see cref="ErrorCodes.EmailTaken"/> when addresses are not confirmed; <see cref="ErrorCodes.TooManyAttempts"/>.
    /// </exception>
    public async Task<(User User, string? ConfirmationSentTo)> ChangeAsync(Guid userId, ProfileChange change, ClientOrigin origin, CancellationToken cancellation)
    {
        if (change.BadgeColor is { } color && !Avatar.Colors.Contains(color))
            throw new ProblemException(ErrorCodes.ValidationFailed, $"Must be one of {string.Join(", ", Avatar.Colors)}.", "badgeColor");
        var email = await NewAddressAsync(await database.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Id == userId, cancellation) ?? throw Gone(), change, origin, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var user = await database.LockUserAsync(userId, cancellation);
        if (user is not { IsActive: true })
            throw Gone();
        user.FullName = change.FullName?.AsName();
        user.BadgeColor = change.BadgeColor;
        user.UpdatedAt = time.GetUtcNow();
        if (email is not null && settings.ConfirmsEmail)
            await SendLinkAsync(user, email, cancellation);
        else if (email is not null)
            await MoveAsync(user, email, cancellation);
        await audit.AppendAsync(new AuditEvent("user.update_own")
        {
            SubjectType = "user", SubjectId = user.Id.ToString(), SubjectName = user.Email,
            Details = new Dictionary<string, object?> { ["fullName"] = user.FullName, ["badgeColor"] = user.BadgeColor, ["newEmail"] = email },
        }, cancellation);
        await SaveAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return (user, settings.ConfirmsEmail ? email : null);
    }

    /// <summary>Changes the address of an account with the link that was mailed to the new address.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidLink"/>, also when another account has taken the address.</exception>
    public async Task ConfirmEmailAsync(string token, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var link = await MailedTokens.FindAsync(database, token, MailedTokenPurpose.EmailChange, now, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var user = link?.UserId is { } id ? await database.LockUserAsync(id, cancellation) : null;
        if (link is null || user is not { IsActive: true })
            throw new ProblemException(ErrorCodes.InvalidLink);
        if (!await MailedTokens.UseAsync(database, link.Id, now, cancellation))
            throw new ProblemException(ErrorCodes.InvalidLink);
        try
        {
            await MoveAsync(user, link.Email, cancellation);
            await audit.AppendAsync(new AuditEvent("user.confirm_email")
            {
                Actor = AuditActor.Person(user.Id, user.Email), SubjectType = "user", SubjectId = user.Id.ToString(), SubjectName = user.Email,
            }, cancellation);
            await SaveAsync(cancellation);
        }
        catch (ProblemException taken) when (taken.Error == ErrorCodes.EmailTaken)
        {
            throw new ProblemException(ErrorCodes.InvalidLink, inner: taken);
        }
        await transaction.CommitAsync(cancellation);
    }

    private static ProblemException Gone() => new(ErrorCodes.Unauthenticated);

    private async Task<string?> NewAddressAsync(User user, ProfileChange change, ClientOrigin origin, CancellationToken cancellation)
    {
        if (change.Email is not { } wanted)
            return null;
        if (!EmailAddress.TryNormalise(wanted, out var normalised))
            throw new ProblemException(ErrorCodes.ValidationFailed, "This is not an e-mail address.", "email");
        if (normalised == user.NormalizedEmail)
            return null;
        if (change.CurrentPassword is not { } password)
            throw new ProblemException(ErrorCodes.ValidationFailed, "The current password is required to change the e-mail address.", "currentPassword");
        await signIn.RequirePasswordAsync(user, password, origin, cancellation);
        return wanted.Trim();
    }

    private async Task SendLinkAsync(User user, string email, CancellationToken cancellation)
    {
        var normalised = EmailAddress.TryNormalise(email, out var valid) ? valid : email;
        await limits.RequireAsync(normalised, "change of address", user.Id, cancellation);
        var isTaken = await database.Users.AnyAsync(u => u.NormalizedEmail == normalised, cancellation);
        var token = SecretToken.Create();
        var now = time.GetUtcNow();
        database.MailedTokens.Add(new MailedToken
        {
            Purpose = MailedTokenPurpose.EmailChange,
            UserId = isTaken ? null : user.Id,
            TokenHash = SecretToken.HashOf(token),
            Email = email,
            CreatedAt = now,
            ExpiresAt = now + settings.SignUpLifetime,
        });
        await mails.ConfirmEmailAsync(email, token, deliver: !isTaken, cancellation);
    }

    // Links that were mailed to the old address must no longer give access to the account.
    private async Task MoveAsync(User user, string email, CancellationToken cancellation)
    {
        var old = user.Email;
        user.Email = email;
        user.NormalizedEmail = EmailAddress.TryNormalise(email, out var normalised) ? normalised : throw new InvalidOperationException("The address was checked before.");
        user.UpdatedAt = time.GetUtcNow();
        await SaveAsync(cancellation);
        await MailedTokens.UseUpAsync(database, user.Id, time.GetUtcNow(), cancellation);
        await mails.EmailChangedAsync(old, email, cancellation);
    }

    private async Task SaveAsync(CancellationToken cancellation)
    {
        try
        {
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.EmailTaken, "Another account has this e-mail address.", "email");
        }
    }
}
