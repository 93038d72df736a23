using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Tests.Fleet.Entities;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Tests.Serialization;

/// <summary>
/// What a fleet's entities journal and what hosts send them, byte for byte: Golden/Fleet.txt has a line for each. Hosts
/// of two releases share a fleet and its journal: a field may be added; a format that has to change gets another
/// manifest, and another line.
/// </summary>
public sealed class FleetBytesTests : IDisposable
{
    private static readonly Dictionary<string, string> Golden = ReadGolden();

    private readonly SqliteDatabase _database = new();
    private readonly ActorSystem _system;

    public FleetBytesTests() => _system = ActorSystem.Create("fleet", EntityConfig.Of(
        new FleetEntitySettings(new(new FleetId(Guid.Empty), new FleetName("x")), _database))
        .WithFallback(ConfigurationFactory.ParseString("akka.persistence.journal.auto-start-journals = []")));

    public static TheoryData<string> Names => [.. FleetSamples.All.Keys];

    [Fact]
    public void Every_manifest_has_its_bytes() => Assert.Equal(
        FleetSerializer.Manifests.Order(StringComparer.Ordinal),
        Golden.Keys.Select(ManifestOf).Distinct().Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Names))]
    public void An_object_is_written_as_the_line_has_it(string name)
    {
        var serializer = SerializerOf(FleetSamples.All[name]);

        Assert.Equal(ManifestOf(name), serializer.Manifest(FleetSamples.All[name]));
        Assert.Equal(Golden[name], Encoding.UTF8.GetString(serializer.ToBinary(FleetSamples.All[name])));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_line_is_read_as_the_object_that_it_was(string name)
    {
        var serializer = SerializerOf(FleetSamples.All[name]);

        var read = serializer.FromBinary(Encoding.UTF8.GetBytes(Golden[name]), ManifestOf(name));

        Assert.IsType(FleetSamples.All[name].GetType(), read);
        Assert.Equal(Golden[name], Encoding.UTF8.GetString(serializer.ToBinary(read)));
    }

    /// <summary>As agents wrote it before the field was added.</summary>
    [Theory]
    [InlineData("image-pin.v1", ",\"for\":null")]
    [InlineData("image-announce.v1+released", ",\"kept\":false")]
    [InlineData("image-pinned.v1", ",\"for\":null")]
    [InlineData("image-state.v1+empty", ",\"pins\":[]")]
    [InlineData("container-state.v1+empty", ",\"has_pin\":false")]
    public void A_line_without_a_field_that_was_added_is_read(string name, string added)
    {
        var older = Golden[name].Replace(added, "", StringComparison.Ordinal);
        Assert.NotEqual(Golden[name], older);
        var serializer = SerializerOf(FleetSamples.All[name]);

        var read = serializer.FromBinary(Encoding.UTF8.GetBytes(older), ManifestOf(name));

        Assert.Equal(Golden[name], Encoding.UTF8.GetString(serializer.ToBinary(read)));
    }

    [Fact]
    public void A_host_that_an_older_agent_pinned_stays_pinned()
    {
        var older = Golden["image-state.v1+empty"].Replace(",\"pins\":[]", "", StringComparison.Ordinal)
            .Replace("\"pinned\":[]", "\"pinned\":[\"b\"]", StringComparison.Ordinal);

        var read = SerializerOf(FleetSamples.All["image-state.v1"])
            .FromBinary(Encoding.UTF8.GetBytes(older), "image-state.v1");

        Assert.Equal(
            new HostName("b"), Assert.Single(Assert.IsType<Domain.Fleet.Images.ImageState>(read).Pinned));
    }

    [Fact]
    public void Every_command_event_and_reply_has_a_manifest()
    {
        var kinds = typeof(HostName).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && FleetSerializer.Bound.Any(bound => bound.IsAssignableFrom(type)));

        Assert.Empty(kinds.Except(FleetSamples.All.Values.Select(sample => sample.GetType())));
    }

    [Theory]
    [InlineData("location-tick.v99", "{}", "location-tick.v99")]
    [InlineData("location-tick.v1", "{}", "at")]
    [InlineData("location-tick.v1", "null", "location-tick.v1")]
    [InlineData("entity-message.v1", """{"id":"1","message":{"location-burn.v1":{}}}""", "location-burn.v1")]
    [InlineData("entity-message.v1", """{"id":"1","message":{"location-host-gone.v1":{}}}""", "location-host-gone.v1")]
    [InlineData("location-locate.v1", """{"layer":"md5:0","at":"2026-01-02T03:04:05+00:00"}""", "md5:0")]
    [InlineData("location-reply-gone.v1", """{"host":"no host"}""", "no host")]
    public void What_is_damaged_or_unknown_is_refused_by_name(string manifest, string json, string named)
    {
        var thrown = Record.Exception(() => SerializerOf(FleetSamples.All["location-tick.v1"])
            .FromBinary(Encoding.UTF8.GetBytes(json), manifest));

        Assert.IsType<SerializationException>(thrown);
        Assert.Contains(named, thrown.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Names))]
    public void Whatever_a_peer_sends_is_read_or_refused_by_the_exception_for_which_remoting_drops_it(string name)
    {
        var serializer = SerializerOf(FleetSamples.All[name]);
        for (var seed = 0; seed < 200; seed++)
        {
            var damaged = Damaged(Golden[name], new Random(seed));
            var thrown = Record.Exception(
                () => serializer.FromBinary(Encoding.UTF8.GetBytes(damaged), ManifestOf(name)));
            Assert.True(thrown is null or SerializationException, $"seed {seed}: {damaged}: {thrown}");
        }
    }

    /// <summary>A value is null, of another type or nested, something is missing, or the text is cut.</summary>
    private static string Damaged(string json, Random random)
    {
        string[] others = ["null", "[null]", "{}", "\"\"", "-1", "1e99", "\"\\u0000\"", "]", "}"];
        var other = others[random.Next(others.Length)];
        var values = System.Text.RegularExpressions.Regex.Matches(json, "\"[^\"]*\"(?!:)|-?[0-9]+|true|false|\\[\\]");
        if (values.Count == 0 || random.Next(4) == 0)
            return json[..random.Next(json.Length + 1)] + (random.Next(2) == 0 ? other : "");
        var value = values[random.Next(values.Count)];
        return json[..value.Index] + other + json[(value.Index + value.Length)..];
    }

    public void Dispose()
    {
        _system.Dispose();
        _database.Dispose();
    }

    /// <summary>As the bindings of the configuration find it.</summary>
    private FleetSerializer SerializerOf(object o) =>
        Assert.IsType<FleetSerializer>(_system.Serialization.FindSerializerFor(o));

    private static string ManifestOf(string name) => name.Split('+')[0];

    private static Dictionary<string, string> ReadGolden()
    {
        using var stream = typeof(FleetBytesTests).Assembly.GetManifestResourceStream(
            $"{typeof(FleetBytesTests).Namespace}.Golden.Fleet.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(line => line[..line.IndexOf(' ', StringComparison.Ordinal)],
                line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
    }
}
