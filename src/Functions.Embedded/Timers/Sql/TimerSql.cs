namespace VisionPlatform.Functions.Embedded;

/// <summary>Statements on the schedules of timer functions. Each is the file of its name in <c>Timers/Sql</c>, which says what it does and takes.</summary>
internal static class TimerSql
{
    private const string Folder = "Timers/Sql";

    public static string Advance { get; } = SqlFiles.Statement(Folder);

    public static string Lock { get; } = SqlFiles.Statement(Folder);

    public static string Read { get; } = SqlFiles.Statement(Folder);

    public static string Register { get; } = SqlFiles.Statement(Folder);

    public static string TryLock { get; } = SqlFiles.Statement(Folder);

    public static string Unlock { get; } = SqlFiles.Statement(Folder);
}
