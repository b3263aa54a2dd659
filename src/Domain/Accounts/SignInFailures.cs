namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// Failed sign-ins in a row, with one e-mail address or from one network address. Kept whether the e-mail address has an
/// account or not, so that being locked out does not tell who has one.
/// </summary>
public sealed class SignInFailures
{
    /// <summary>SHA-256 of what is counted.</summary>
    public required byte[] KeyHash { get; init; }
    public required int Count { get; set; }
    public required DateTimeOffset LastAt { get; set; }
    public DateTimeOffset? LockedUntil { get; set; }
}
