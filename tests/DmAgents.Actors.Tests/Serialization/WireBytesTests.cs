using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using DmAgents.Actors.Serialization;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Serialization;

/// <summary>
/// What crosses the wire, byte for byte: Golden/Wire.txt has a line for each message. Hosts of two releases talk to
/// each other while a fleet is upgraded: a field may be added; a format that has to change gets another manifest, and
/// another line.
/// </summary>
public sealed class WireBytesTests : IDisposable
{
    private static readonly Dictionary<string, string> Golden = ReadGolden();

    private readonly ActorSystem _system = ActorSystem.Create("wire", ActorsConfig.Default);

    public static TheoryData<string> Names => [.. WireSamples.All.Keys];

    [Fact]
    public void Every_manifest_has_its_bytes() => Assert.Equal(
        WireSerializer.Manifests.Order(StringComparer.Ordinal),
        Golden.Keys.Select(ManifestOf).Distinct().Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Names))]
    public void A_message_is_written_as_the_line_has_it(string name)
    {
        var serializer = SerializerOf(WireSamples.All[name]);

        Assert.Equal(ManifestOf(name), serializer.Manifest(WireSamples.All[name]));
        Assert.Equal(Golden[name], Encoding.UTF8.GetString(serializer.ToBinary(WireSamples.All[name])));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_line_is_read_as_the_message_that_it_was(string name)
    {
        var serializer = SerializerOf(WireSamples.All[name]);

        var read = serializer.FromBinary(Encoding.UTF8.GetBytes(Golden[name]), ManifestOf(name));

        Assert.IsType(WireSamples.All[name].GetType(), read);
        Assert.Equal(Golden[name], Encoding.UTF8.GetString(serializer.ToBinary(read)));
    }

    [Fact]
    public void Every_command_and_every_reply_has_a_manifest()
    {
        var messages = typeof(PoolCommands).GetNestedTypes().Concat(typeof(PoolReplies).GetNestedTypes())
            .Where(type => !type.IsAbstract);

        Assert.Empty(messages.Except(WireSamples.All.Values.Select(sample => sample.GetType())));
    }

    [Theory]
    [InlineData("purge.v99", "{}")]
    [InlineData("purge.v1", """{"id":42,"at":"2026-01-02T03:04:05+00:00"}""")]
    [InlineData("purge.v1", """{"request":"x","id":42,"at":"2026-01-02T03:04:05+00:00"}""")]
    [InlineData("host-to-pool.v1", """{"pool":"fast-1","command":{"format-everything.v1":{}}}""")]
    [InlineData("host-to-pool.v1", """{"pool":"fast-1","command":{}}""")]
    [InlineData("host-to-pool.v1", """{"pool":"fast-1","command":{"trim.v1":null}}""")]
    [InlineData("host-to-pool.v1", """{"pool":"..","command":{"trim.v1":{}}}""")]
    public void What_is_damaged_or_unknown_is_refused(string manifest, string json)
    {
        var thrown = Record.Exception(() => SerializerOf(new PoolReplies.Grown(Ask.NewRequest(), AlreadySo: false))
            .FromBinary(Encoding.UTF8.GetBytes(json), manifest));

        Assert.IsType<SerializationException>(thrown);
    }

    public void Dispose() => _system.Dispose();

    /// <summary>As the bindings of the configuration find it.</summary>
    private WireSerializer SerializerOf(object message) =>
        Assert.IsType<WireSerializer>(_system.Serialization.FindSerializerFor(message));

    private static string ManifestOf(string name) => name.Split('+')[0];

    private static Dictionary<string, string> ReadGolden()
    {
        using var stream = typeof(WireBytesTests).Assembly.GetManifestResourceStream(
            $"{typeof(WireBytesTests).Namespace}.Golden.Wire.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(line => line[..line.IndexOf(' ', StringComparison.Ordinal)],
                line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
    }
}
