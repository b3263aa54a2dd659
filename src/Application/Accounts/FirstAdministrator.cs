using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>What became of the first administrator.</summary>
public enum FirstAdministratorOutcome
{
    /// <summary>There are accounts already; nothing was done.</summary>
    AccountsExist,
    Created,

    /// <summary>There is no account, and no address and password to make one.</summary>
    NotNamed,

    /// <summary>The address is not an e-mail address.</summary>
    InvalidEmail,
}

/// <summary>Creates the first account, an administrator who has to change the password. Several processes may try at once.</summary>
public sealed class FirstAdministrator(UserDatabase database, PasswordHashing passwords, TimeProvider time)
{
    /// <summary>Creates the account unless an account exists.</summary>
    public async Task<FirstAdministratorOutcome> EnsureAsync(string? email, string? password, CancellationToken cancellation)
    {
        if (await database.Users.AnyAsync(cancellation))
            return FirstAdministratorOutcome.AccountsExist;
        if (email is null || password is null)
            return FirstAdministratorOutcome.NotNamed;
        if (!EmailAddress.TryNormalise(email, out var normalised))
            return FirstAdministratorOutcome.InvalidEmail;
        var hash = await passwords.HashAsync(password, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // Hold the lock until the commit, so that a second process sees the account of the first.
        await database.Database.ExecuteSqlAsync($"LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE", cancellation);
        if (await database.Users.AnyAsync(cancellation))
            return FirstAdministratorOutcome.AccountsExist;
        var now = time.GetUtcNow();
        database.Users.Add(new User
        {
            Email = email.Trim(),
            NormalizedEmail = normalised,
            PasswordHash = hash,
            Role = SystemRole.Admin,
            MustChangePassword = true,
            CreatedAt = now,
            UpdatedAt = now,
        });
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return FirstAdministratorOutcome.Created;
    }
}
