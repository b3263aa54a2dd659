using System.Net;
using System.Net.Sockets;

namespace VisionPlatform.Tests;

/// <summary>Ports of 127.0.0.1 for servers that are told theirs.</summary>
internal static class LoopbackPort
{
    // Below those that systems give to outgoing connections (32768 and up on Linux, 49152 elsewhere): a server that is stopped and started
    // again finds its port free, whatever connects in between.
    private const int First = 10_000, Last = 32_000;

    /// <summary>One that nobody listens on.</summary>
    public static int Free()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(First, Last));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
            }
        }
    }
}
