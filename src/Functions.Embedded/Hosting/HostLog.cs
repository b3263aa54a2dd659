namespace VisionPlatform.Functions.Embedded;

/// <summary>Log categories of the host. Names of types would be silenced by the usual filter on "Microsoft".</summary>
internal static class HostLog
{
    public const string Host = "Host";
    public const string Http = "Host.Http";
    public const string Timers = "Host.Timers";
    public const string Activities = "Host.Activities";
    public const string Keys = "Host.Keys";
}
