export default {
  title: 'Parcel 2',
  about: 'parcel',
  packages: { parcel: '2.16.4' },
  async run({ bin, site }) {
    await bin('parcel', 'build', 'index.html');
    return site('dist');
  },
};
