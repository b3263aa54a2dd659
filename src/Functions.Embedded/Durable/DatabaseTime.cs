namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Times in the precision of the database: whole microseconds.</summary>
internal static class DatabaseTime
{
    private const long Step = TimeSpan.TicksPerMicrosecond;

    public static DateTime RoundDown(DateTime time) => new(time.Ticks - time.Ticks % Step, DateTimeKind.Utc);

    /// <summary>The result stays below <see cref="DateTime.MaxValue"/>, which the database takes for infinity.</summary>
    public static DateTime RoundUp(DateTime time) =>
        RoundDown(time.Ticks > DateTime.MaxValue.Ticks - Step ? DateTime.MaxValue : time.AddTicks(Step - 1));

    public static DateTime Now(this TimeProvider time) => RoundDown(time.GetUtcNow().UtcDateTime);
}
