namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// Failed sign-ins in a row with one e-mail address or from one network address. They are counted with or without an
/// account, so that a lock does not reveal who has one.
/// </summary>
public sealed class SignInFailures
{
    /// <summary>SHA-256 of the kind and value of the address.</summary>
    public required byte[] KeyHash { get; init; }
    public required int Count { get; set; }
    public required DateTimeOffset LastAt { get; set; }
    public DateTimeOffset? LockedUntil { get; set; }
}
