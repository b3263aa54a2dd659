namespace VisionPlatform.Domain.Accounts;

/// <summary>Who may create an account.</summary>
public enum SignUpMode
{
    /// <summary>Anybody.</summary>
    Open,

    /// <summary>People who were invited.</summary>
    Invitation,

    /// <summary>Nobody.</summary>
    Off,
}
