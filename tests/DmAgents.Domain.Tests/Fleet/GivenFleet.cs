using System.Security.Cryptography;
using System.Text;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Tests.Fleet;

/// <summary>Hosts and layers to decide about. Everything is fixed, so that a failing test names its numbers.</summary>
internal static class GivenFleet
{
    public static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    public static readonly HostName A = new("a");
    public static readonly HostName B = new("b");
    public static readonly HostName C = new("c");

    public static ChainId Layer(int number) => new(Digest.Of(Encoding.UTF8.GetBytes($"layer {number}")));

    public static ContentDigest Content(int number) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes($"content {number}")));

    public static LayerHolding Holding(int layer, int content = 0, bool verified = true) =>
        new(Layer(layer), Content(content), verified);

    public static Stamp Stamped(ulong sequence, ulong incarnation = 1) => new(new Incarnation(incarnation), sequence);

    public static DateTimeOffset After(double seconds) => At + TimeSpan.FromSeconds(seconds);
}
