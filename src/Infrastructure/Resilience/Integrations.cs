namespace VisionPlatform.Infrastructure.Resilience;

/// <summary>
/// How each external system is called. A client builds its pipeline from its row with <see cref="ResiliencePipelines"/>.
/// </summary>
public static class Integrations
{
    // No retries or breaker for starting and stopping jobs: the orchestration retries with durable timers, which survive a restart of this process.
    // An open circuit would keep a trainer waiting that is available again.
    public static readonly IntegrationPolicy TrainerStart = Row("trainer.start", timeout: 30, connect: 5, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.Queue);
    public static readonly IntegrationPolicy TrainerStop = Row("trainer.stop", timeout: 10, connect: 5, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.LogOnly);
    public static readonly IntegrationPolicy TrainerQuery = Row("trainer.query", timeout: 5, connect: 2, attempts: 2, wait: (0.2, 1), breaker: (0, 0), IntegrationFallback.Cache);

    /// <summary>For a list of all trainers, which one of them must not delay.</summary>
    public static readonly IntegrationPolicy TrainerList = Row("trainer.list", timeout: 2, connect: 2, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.Cache);

    public static readonly IntegrationPolicy TrainerHealth = Row("trainer.health", timeout: 2, connect: 2, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.FailFast);

    /// <summary>One quick retry only, because a person waits for the prediction.</summary>
    public static readonly IntegrationPolicy TrainerPredict = Row("trainer.predict", timeout: 30, connect: 2, attempts: 2, wait: (0.2, 1), breaker: (5, 30), IntegrationFallback.FailFast);

    /// <summary>Tried once: another model server takes over.</summary>
    public static readonly IntegrationPolicy ModelServerPredict = Row("model-server.predict", timeout: 30, connect: 2, attempts: 1, wait: (0, 0), breaker: (5, 10), IntegrationFallback.FailFast);

    /// <summary>No breaker: loading is asked for again when the model server is back.</summary>
    public static readonly IntegrationPolicy ModelServerLoad = Row("model-server.load", timeout: 10, connect: 2, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.Queue);

    /// <summary>No retries, as for starting jobs: the orchestration comes again, after the time that Azure asks for.</summary>
    public static readonly IntegrationPolicy AzureManagement = Row("azure.management", timeout: 30, connect: 5, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.Queue);

    public static readonly IntegrationPolicy Tracking = Row("tracking", timeout: 2, connect: 2, attempts: 5, wait: (1, 5), breaker: (0, 0), IntegrationFallback.Buffer);
    public static readonly IntegrationPolicy Database = Row("database", timeout: 30, connect: 10, attempts: 2, wait: (1, 5), breaker: (3, 30), IntegrationFallback.FailFast);
    public static readonly IntegrationPolicy ObjectStore = Row("object-store", timeout: 60, connect: 5, attempts: 3, wait: (2, 10), breaker: (5, 120), IntegrationFallback.Cache);

    /// <summary>Short and without retries, because the readiness probe has to answer quickly.</summary>
    public static readonly IntegrationPolicy ObjectStoreHealth = Row("object-store.health", timeout: 2, connect: 2, attempts: 1, wait: (0, 0), breaker: (0, 0), IntegrationFallback.FailFast);

    /// <summary>
    /// Moving objects between stores: nobody waits for one request, so it is repeated for a minute. The limit of one attempt is long because a
    /// slow line is no failure; a connection on which no byte moves is given up much earlier. No breaker: the other side of the copy still answers.
    /// </summary>
    public static readonly IntegrationPolicy StorageSync = Row("object-store.sync", timeout: 1800, connect: 5, attempts: 7, wait: (0.5, 20), breaker: (0, 0), IntegrationFallback.Queue);

    public static readonly IntegrationPolicy Llm = Row("llm", timeout: 30, connect: 5, attempts: 3, wait: (5, 30), breaker: (5, 300), IntegrationFallback.DisableFeature);

    /// <summary>One attempt, because the mail queue retries.</summary>
    public static readonly IntegrationPolicy Mail = Row("mail", timeout: 30, connect: 10, attempts: 1, wait: (5, 600), breaker: (0, 0), IntegrationFallback.Queue);

    /// <summary>Every row, for documentation and the operators' view.</summary>
    public static IReadOnlyList<IntegrationPolicy> All { get; } =
        [TrainerStart, TrainerStop, TrainerQuery, TrainerList, TrainerHealth, TrainerPredict, ModelServerPredict, ModelServerLoad, AzureManagement, Tracking, Database, ObjectStore, ObjectStoreHealth, StorageSync, Llm, Mail];

    private static IntegrationPolicy Row(
        string name, double timeout, double connect, int attempts, (double First, double Longest) wait, (int Failures, double Seconds) breaker, IntegrationFallback fallback) =>
        new(name, TimeSpan.FromSeconds(timeout), TimeSpan.FromSeconds(connect), attempts, TimeSpan.FromSeconds(wait.First), TimeSpan.FromSeconds(wait.Longest),
            breaker.Failures, TimeSpan.FromSeconds(breaker.Seconds), fallback);
}
