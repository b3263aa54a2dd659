namespace VisionPlatform.Domain.Accounts;

/// <summary>What a token that was sent by mail is good for.</summary>
public enum MailedTokenPurpose
{
    PasswordReset,

    /// <summary>Makes the account that somebody signed up for.</summary>
    SignUp,

    /// <summary>Gives an account a new e-mail address.</summary>
    EmailChange,
}

/// <summary>A token that proves who reads the mail of an address. Works once and not for long; only its hash is kept.</summary>
public sealed class MailedToken
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required MailedTokenPurpose Purpose { get; init; }

    /// <summary>Whose account it is about; null for a sign-up, which has none yet.</summary>
    public Guid? UserId { get; init; }

    /// <summary>SHA-256 of the token.</summary>
    public required byte[] TokenHash { get; init; }

    /// <summary>The address it was sent to, as written.</summary>
    public required string Email { get; init; }

    /// <summary>Of a sign-up: the account to be.</summary>
    public string? PasswordHash { get; init; }

    /// <inheritdoc cref="PasswordHash"/>
    public string? FullName { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; set; }
}
