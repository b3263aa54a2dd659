namespace VisionPlatform.Functions.Embedded;

/// <summary>Log categories of the host: not its type names, which the usual filter on "Microsoft" would silence.</summary>
internal static class HostLog
{
    public const string Host = "Host";
    public const string Http = "Host.Http";
    public const string Timers = "Host.Timers";
    public const string Activities = "Host.Activities";
    public const string Keys = "Host.Keys";
}
