using System.Text;
using Akka.Actor;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Serialization;

/// <summary>
/// What the journal writes, byte for byte, as files in Golden/. A file that a release has written is never changed: an
/// old journal must be read for ever. A format that has to change gets another manifest, and another file beside.
/// </summary>
public sealed class GoldenBytesTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("golden");
    private readonly JournalSerializer _serializer;

    public GoldenBytesTests() => _serializer = new JournalSerializer((ExtendedActorSystem)_system);

    public static TheoryData<string> Files => [.. Samples.ByFile.Keys];

    [Fact]
    public void Every_manifest_has_its_bytes() => Assert.Equal(
        JournalSerializer.Manifests.Order(StringComparer.Ordinal),
        Samples.ByFile.Keys.Select(ManifestOf).Distinct().Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Files))]
    public void An_object_is_written_as_the_file_has_it(string file)
    {
        var sample = Samples.ByFile[file];

        Assert.Equal(ManifestOf(file), _serializer.Manifest(sample));
        Assert.Equal(Golden(file), Encoding.UTF8.GetString(_serializer.ToBinary(sample)));
    }

    [Theory, MemberData(nameof(Files))]
    public void A_file_is_read_as_the_object_that_it_was(string file)
    {
        var read = _serializer.FromBinary(Encoding.UTF8.GetBytes(Golden(file)), ManifestOf(file));

        Assert.IsType(Samples.ByFile[file].GetType(), read);
        Assert.Equal(Golden(file), Encoding.UTF8.GetString(_serializer.ToBinary(read)));
    }

    /// <summary>Rows from before a field was added.</summary>
    [Theory]
    [InlineData("pool-initialized.v1+loop", "pool-initialized.v1+loop")]
    [InlineData("base-intended.v1", "base-intended.v1+least")]
    [InlineData("device-committed.v1", "device-committed.v1+least")]
    [InlineData("device-adopted.v1", "device-adopted.v1+least")]
    [InlineData("pool-adopted.v1", "pool-adopted.v1+least")]
    [InlineData("pool-state.v1+empty", "pool-state.v1+empty")]
    [InlineData("pool-state.v1", "pool-state.v1")]
    [InlineData("pool-state.v1+untrimmed", "pool-state.v1")]
    [InlineData("thin-id-quarantined.v1", "thin-id-quarantined.v1+least")]
    [InlineData("pool-state.v1+low", "pool-state.v1+low")]
    [InlineData("pool-trimmed.v1", "pool-trimmed.v1+least")]
    public void A_row_of_an_earlier_version_is_read_as_if_the_field_were_empty(string earlier, string now)
    {
        var read = _serializer.FromBinary(Encoding.UTF8.GetBytes(Golden($"Earlier.{earlier}")), ManifestOf(earlier));

        Assert.Equal(Golden(now), Encoding.UTF8.GetString(_serializer.ToBinary(read)));
    }

    [Fact]
    public void Every_event_of_a_pool_has_a_manifest()
    {
        var events = typeof(PoolEvents).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(PoolEvent)));

        Assert.Equal(
            events.Select(type => type.Name).Order(StringComparer.Ordinal),
            Samples.ByFile.Values.OfType<PoolEvent>().Select(e => e.GetType().Name).Distinct()
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_manifest_that_nobody_knows_is_not_read() =>
        Assert.Throws<System.Runtime.Serialization.SerializationException>(
            () => _serializer.FromBinary("{}"u8.ToArray(), "device-created.v99"));

    [Fact]
    public void What_has_no_manifest_is_not_written() =>
        Assert.Throws<System.Runtime.Serialization.SerializationException>(() => _serializer.ToBinary("text"));

    [Theory]
    [InlineData("device-created.v1", """{"at":"2026-01-02T03:04:05+00:00"}""")]
    [InlineData("device-created.v1", """{"id":16777216,"at":"2026-01-02T03:04:05+00:00"}""")]
    [InlineData(
        "device-creation-failed.v1", """{"id":1,"why":null,"in_doubt":true,"at":"2026-01-02T03:04:05+00:00"}""")]
    [InlineData("pool-backing-changed.v1", """{"backing":{"tape":{}},"at":"2026-01-02T03:04:05+00:00"}""")]
    [InlineData("device-created.v1", "null")]
    public void Damaged_bytes_are_refused_and_never_guessed(string manifest, string json) =>
        Assert.ThrowsAny<Exception>(() => _serializer.FromBinary(Encoding.UTF8.GetBytes(json), manifest));

    public void Dispose() => _system.Dispose();

    private static string ManifestOf(string file) => file.Split('+')[0];

    private static string Golden(string file)
    {
        var name = $"{typeof(GoldenBytesTests).Namespace}.Golden.{file}.json";
        using var stream = typeof(GoldenBytesTests).Assembly.GetManifestResourceStream(name);
        Assert.True(stream is not null, $"Golden/{file}.json is missing");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().TrimEnd('\n');
    }
}
