namespace VisionPlatform.Domain.Accounts;

/// <summary>What a mailed token does.</summary>
public enum MailedTokenPurpose
{
    PasswordReset,

    /// <summary>Creates the account of a sign-up.</summary>
    SignUp,

    /// <summary>Confirms the new e-mail address of an account.</summary>
    EmailChange,
}

/// <summary>A mailed token. It proves that the bearer reads the mail of an address, works once and expires. Only its hash is stored.</summary>
public sealed class MailedToken
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required MailedTokenPurpose Purpose { get; init; }

    /// <summary>The account; null for a sign-up and for a token that has no effect.</summary>
    public Guid? UserId { get; init; }

    /// <summary>SHA-256 of the token.</summary>
    public required byte[] TokenHash { get; init; }

    /// <summary>The address that it was sent to, as the person wrote it.</summary>
    public required string Email { get; init; }

    /// <summary>Data of the account that a sign-up creates; null for other purposes.</summary>
    public string? PasswordHash { get; init; }

    /// <inheritdoc cref="PasswordHash"/>
    public string? FullName { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; set; }
}
