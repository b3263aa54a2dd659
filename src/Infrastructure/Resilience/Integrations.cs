namespace VisionPlatform.Infrastructure.Resilience;

/// <summary>
/// The one table of how every outside system is called. Numbers are the product's defaults; a client takes its row from here and
/// builds its pipeline with <see cref="ResiliencePipelines"/>.
/// </summary>
public static class Integrations
{
    // A job is started and stopped by an orchestration, whose durable timers are the retry: they outlive this process, and a trainer
    // that comes back is not kept waiting by an open circuit.
    public static readonly IntegrationPolicy TrainerStart = Row("trainer.start", timeout: 30, connect: 5, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.Queue);
    public static readonly IntegrationPolicy TrainerStop = Row("trainer.stop", timeout: 10, connect: 5, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.LogOnly);
    public static readonly IntegrationPolicy TrainerQuery = Row("trainer.query", timeout: 5, connect: 2, attempts: 2, wait: (0.2, 1), breaker: (0, 0), IntegrationFallback.Cache);
    public static readonly IntegrationPolicy TrainerHealth = Row("trainer.health", timeout: 2, connect: 2, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.FailFast);

    /// <summary>Predictions answer a waiting person: one quick second try and no more.</summary>
    public static readonly IntegrationPolicy TrainerPredict = Row("trainer.predict", timeout: 30, connect: 2, attempts: 2, wait: (0.2, 1), breaker: (5, 30), IntegrationFallback.FailFast);

    public static readonly IntegrationPolicy Tracking = Row("tracking", timeout: 2, connect: 2, attempts: 5, wait: (1, 5), breaker: (0, 0), IntegrationFallback.Buffer);
    public static readonly IntegrationPolicy Database = Row("database", timeout: 30, connect: 10, attempts: 2, wait: (1, 5), breaker: (3, 30), IntegrationFallback.FailFast);
    public static readonly IntegrationPolicy ObjectStore = Row("object-store", timeout: 60, connect: 5, attempts: 3, wait: (2, 10), breaker: (5, 120), IntegrationFallback.Cache);

    /// <summary>The readiness probe must answer quickly whatever the store does.</summary>
    public static readonly IntegrationPolicy ObjectStoreHealth = Row("object-store.health", timeout: 2, connect: 2, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.FailFast);

    public static readonly IntegrationPolicy Llm = Row("llm", timeout: 30, connect: 5, attempts: 3, wait: (5, 30), breaker: (5, 300), IntegrationFallback.DisableFeature);

    /// <summary>Mails wait in a queue, which is their retry: one try each time it is their turn.</summary>
    public static readonly IntegrationPolicy Mail = Row("mail", timeout: 30, connect: 10, attempts: 1, wait: (5, 600), breaker: (0, 0), IntegrationFallback.Queue);

    /// <summary>Every row, for documentation and the operators' view.</summary>
    public static IReadOnlyList<IntegrationPolicy> All { get; } =
        [TrainerStart, TrainerStop, TrainerQuery, TrainerHealth, TrainerPredict, Tracking, Database, ObjectStore, ObjectStoreHealth, Llm, Mail];

    private static IntegrationPolicy Row(
        string name, double timeout, double connect, int attempts, (double First, double Longest) wait, (int Failures, double Seconds) breaker, IntegrationFallback fallback) =>
        new(name, TimeSpan.FromSeconds(timeout), TimeSpan.FromSeconds(connect), attempts, TimeSpan.FromSeconds(wait.First), TimeSpan.FromSeconds(wait.Longest),
            breaker.Failures, TimeSpan.FromSeconds(breaker.Seconds), fallback);
}
