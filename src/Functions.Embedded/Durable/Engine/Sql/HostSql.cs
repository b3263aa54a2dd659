namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements on engines and the functions they can run. Each is the file of its name in <c>Durable/Engine/Sql/Hosts</c>, which says what it does and takes.</summary>
internal static class HostSql
{
    private const string Folder = "Durable/Engine/Sql/Hosts";

    public static string ForgetDead { get; } = SqlFiles.Statement(Folder);

    public static string Heartbeat { get; } = SqlFiles.Statement(Folder);

    public static string Leave { get; } = SqlFiles.Statement(Folder);

    public static string ReadUnserved { get; } = SqlFiles.Statement(Folder);
}
