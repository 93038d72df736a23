using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Layers;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Locations;

public sealed class LayerBucketTests
{
    [Theory]
    [InlineData("sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", 810)]
    [InlineData("sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d", 248)]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000", 0)]
    [InlineData("sha256:003fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 0)]
    [InlineData("sha256:0040000000000000000000000000000000000000000000000000000000000000", 1)]
    [InlineData("sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 1023)]
    public void A_layers_bucket_never_changes(string layer, int bucket) =>
        Assert.Equal(new LayerBucket(bucket), LayerBucket.Of(ChainId.Parse(layer)));

    [Fact]
    public void A_SHA_512_has_a_bucket_too() =>
        Assert.Equal(new LayerBucket(125), LayerBucket.Of(ChainId.Parse("sha512:1f4" + new string('0', 125))));

    [Fact]
    public void Layers_are_evenly_spread()
    {
        var counts = new int[LayerBucket.Count];
        for (var i = 0; i < 100_000; i++)
            counts[LayerBucket.Of(Layer(i)).Index]++;
        Assert.All(counts, count => Assert.InRange(count, 40, 170));
    }

    [Fact]
    public void A_bucket_outside_the_1024_does_not_exist()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new LayerBucket(1024));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LayerBucket(-1));
    }
}
