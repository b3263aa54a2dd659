using System.Net;

namespace VisionPlatform.Infrastructure.Settings;

/// <summary>Rate limits in requests per minute for all instances of the app together; 0 means no limit. A caller that sent nothing for a minute may send the whole amount at once.</summary>
/// <param name="PerAddress">From one address, for all callers together.</param>
/// <param name="PerUser">From one person, for all tokens together.</param>
/// <param name="PerToken">With one access token.</param>
/// <param name="SignIn">Sign-ins, sign-ups and password resets from one address.</param>
/// <param name="Trainer">Callbacks of trainers, from one address.</param>
/// <param name="Predictions">Predictions of one account, or with the key of one deployment.</param>
/// <param name="TrustedProxies">Proxies whose X-Forwarded-For and X-Forwarded-Proto headers are used.</param>
public sealed record TrafficSettings(int PerAddress, int PerUser, int PerToken, int SignIn, int Trainer, int Predictions, IReadOnlyList<IPNetwork> TrustedProxies)
{
    public static TrafficSettings From(SettingsReader settings) => new(
        settings.Whole("RATE_LIMIT_PER_ADDRESS", 6000, "requests a minute from one address; 0: no limit. All limits hold for all instances of the app together, and for each instance while the user database is away", minimum: 0),
        settings.Whole("RATE_LIMIT_PER_USER", 3000, "requests a minute of one account; 0: no limit", minimum: 0),
        settings.Whole("RATE_LIMIT_PER_TOKEN", 2000, "requests a minute with one access token; 0: no limit", minimum: 0),
        settings.Whole("RATE_LIMIT_SIGN_IN", 30, "sign-ins, sign-ups and password resets a minute from one address; 0: no limit", minimum: 0),
        settings.Whole("RATE_LIMIT_TRAINER", 60_000, "callbacks of trainers a minute from one address; 0: no limit", minimum: 0),
        settings.Whole("RATE_LIMIT_PREDICTIONS", 600, "predictions a minute of one account, and with the key of one deployment; 0: no limit", minimum: 0),
        Proxies(settings));

    private static List<IPNetwork> Proxies(SettingsReader settings)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in settings.List("TRUSTED_PROXIES", "addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; nobody's unless set"))
        {
            if (IPNetwork.TryParse(text, out var network))
                networks.Add(network);
            else if (IPAddress.TryParse(text, out var address))
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else
                settings.Problem($"TRUSTED_PROXIES takes addresses and networks like 10.0.0.0/8, not '{text}'.");
        }
        return networks;
    }
}
